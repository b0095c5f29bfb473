//! Every metric a documented field of one struct, like a table of contents; the field's documentation is the help text.

use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::registry::Registry;

use super::cells::{Counter, CounterBy, CounterByTwo, Gauge, HistogramBy};
use super::labels::{
    ActorName, CacheName, DeliveryKind, DeliveryOutcome, EndpointLabel, GrantLabel, LookupLabel,
    OutcomeLabel, RefreshReason, RefusalLabel, StatusLabel, StoreOutcome, StoreVerb,
};
use super::process::Process;

/// The content type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is counted. Counting takes no lock and allocates nothing.
#[derive(Debug)]
pub struct Metrics {
    series: Arc<Series>,
    registry: Registry,
}

/// Declares the series, and shows each under `jeton_` + its field's name with its documentation as help text.
macro_rules! series {
    ($($(#[doc = $help:literal])+ $name:ident: $kind:ty,)+) => {
        #[derive(Debug, Default)]
        struct Series { $($(#[doc = $help])+ $name: $kind,)+ }

        impl Collector for Shown {
            fn encode(&self, mut out: DescriptorEncoder) -> std::fmt::Result {
                $(
                    let help = concat!($($help),+).trim();
                    let name = concat!("jeton_", stringify!($name));
                    let series = &self.0.$name;
                    series.encode(out.encode_descriptor(name, help, None, series.metric_type())?)?;
                )+
                Ok(())
            }
        }
    };
}

/// The collector's view of the series.
#[derive(Debug)]
struct Shown(Arc<Series>);

series! {
    /// Restarts of actors after a failure
    actor_restarts: CounterBy<ActorName>,
    /// Log events dropped because the audit queue was full
    audit_dropped: Counter,
    /// Log events not written because their address had caused too many
    audit_withheld: Counter,
    /// Cache look-ups, absence found in a cache being a hit
    cache_lookups: CounterByTwo<CacheName, LookupLabel>,
    /// Connections open
    connections: Gauge,
    /// Connections cut because they outlived the drain period
    connections_cut: Counter,
    /// Back-channel logouts and messages, by what became of them or of an attempt
    deliveries: CounterByTwo<DeliveryKind, DeliveryOutcome, true>,
    /// Deliveries that wait or are on their way
    deliveries_waiting: Gauge,
    /// Gaps in the change feed, each of which dropped every cache
    feed_gaps: Counter,
    /// Password hashes computed, right or wrong
    hash_computed: Counter,
    /// Password hashes waiting for a thread
    hash_queue: Gauge,
    /// Password hashes refused because the queue was full or its deadline passed
    hash_refused: Counter,
    /// Seconds from a request's headers to its answer, by endpoint
    http_request_seconds: HistogramBy<EndpointLabel>,
    /// Answers, by endpoint and status
    http_responses: CounterByTwo<EndpointLabel, StatusLabel>,
    /// Requests in work
    in_flight: Gauge,
    /// Requests that wait for their turn
    in_flight_waiting: Gauge,
    /// Refresh tokens presented, by what became of them
    refreshes: CounterBy<RefreshReason>,
    /// Connections and requests that transport answered itself, by reason
    refusals: CounterBy<RefusalLabel>,
    /// Seconds of a store verb
    store_verb_seconds: HistogramBy<StoreVerb>,
    /// Store verbs, by how they ended
    store_verbs: CounterByTwo<StoreVerb, StoreOutcome>,
    /// Seconds of a token request, by grant
    token_request_seconds: HistogramBy<GrantLabel>,
    /// Token requests, by grant and outcome
    token_requests: CounterByTwo<GrantLabel, OutcomeLabel>,
    /// Careful writes acknowledged without a replica having them
    unreplicated_writes: Counter,
}

impl Metrics {
    /// Every series at zero.
    pub fn new() -> Arc<Self> {
        let series = Arc::new(Series::default());
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Shown(Arc::clone(&series))));
        registry.register_collector(Box::new(Process));
        Arc::new(Self { series, registry })
    }

    /// The exposition in the text format of `OpenMetrics`; see [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        let mut text = String::with_capacity(16 * 1024);
        match prometheus_client::encoding::text::encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(cause) => {
                tracing::error!(%cause, "metrics cannot be rendered");
                String::new()
            }
        }
    }

    /// A token request ended after `seconds`; `outcome` is `ok` or an OAuth error code.
    pub fn token_request(&self, grant: GrantLabel, outcome: &'static str, seconds: f64) {
        self.series.token_requests.count(grant, OutcomeLabel::of(outcome));
        self.series.token_request_seconds.observe(grant, seconds);
    }

    /// A refresh token was presented.
    pub fn refresh_outcome(&self, reason: RefreshReason) {
        self.series.refreshes.count(reason);
    }

    /// A store verb ended after `seconds`.
    pub fn store_verb(&self, verb: StoreVerb, outcome: StoreOutcome, seconds: f64) {
        self.series.store_verbs.count(verb, outcome);
        self.series.store_verb_seconds.observe(verb, seconds);
    }

    /// A cache was asked.
    pub fn cache_lookup(&self, cache: CacheName, hit: bool) {
        self.series.cache_lookups.count(cache, if hit { LookupLabel::Hit } else { LookupLabel::Miss });
    }

    /// So many password hashes wait for a thread.
    pub fn hash_queue(&self, length: i64) {
        self.series.hash_queue.set(length);
    }

    /// A password hash was computed.
    pub fn hash_computed(&self) {
        self.series.hash_computed.add(1);
    }

    /// A password hash was refused.
    pub fn hash_refused(&self) {
        self.series.hash_refused.add(1);
    }

    /// An actor failed and was started again.
    pub fn actor_restarted(&self, actor: ActorName) {
        self.series.actor_restarts.count(actor);
    }

    /// The audit queue was full for `n` log events.
    pub fn audit_dropped(&self, n: u64) {
        self.series.audit_dropped.add(n);
    }

    /// A log event was not written because its address had caused too many.
    pub fn audit_withheld(&self) {
        self.series.audit_withheld.add(1);
    }

    /// Something became of a delivery.
    pub fn delivery(&self, kind: DeliveryKind, outcome: DeliveryOutcome) {
        self.series.deliveries.count(kind, outcome);
    }

    /// The number of deliveries that wait or are on their way changed by `n`.
    pub fn deliveries_waiting(&self, n: i64) {
        self.series.deliveries_waiting.add(n);
    }

    /// The change feed had a gap.
    pub fn feed_gap(&self) {
        self.series.feed_gaps.add(1);
    }

    /// A careful write was acknowledged without a replica having it.
    pub fn unreplicated_write(&self) {
        self.series.unreplicated_writes.add(1);
    }

    /// A request was answered `seconds` after its headers.
    pub fn http_response(&self, endpoint: EndpointLabel, status: u16, seconds: f64) {
        self.series.http_responses.count(endpoint, StatusLabel::of(status));
        self.series.http_request_seconds.observe(endpoint, seconds);
    }

    /// Transport answered by itself.
    pub fn refused(&self, reason: RefusalLabel) {
        self.series.refusals.count(reason);
    }

    /// The number of open connections changed by `n`.
    pub fn connections(&self, n: i64) {
        self.series.connections.add(n);
    }

    /// `n` connections outlived the drain period.
    pub fn connections_cut(&self, n: u64) {
        self.series.connections_cut.add(n);
    }

    /// The number of requests in work changed by `n`.
    pub fn in_flight(&self, n: i64) {
        self.series.in_flight.add(n);
    }

    /// The number of requests that wait for their turn changed by `n`.
    pub fn in_flight_waiting(&self, n: i64) {
        self.series.in_flight_waiting.add(n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'a>(text: &'a str, start: &str) -> Option<&'a str> {
        text.lines().find_map(|line| line.strip_prefix(start)).map(str::trim)
    }

    #[test]
    fn what_was_counted_is_shown_and_what_was_not_is_zero() {
        let metrics = Metrics::new();
        metrics.token_request(GrantLabel::RefreshToken, "ok", 0.0004);
        metrics.token_request(GrantLabel::RefreshToken, "ok", 20.0);
        metrics.token_request(GrantLabel::Other, "never heard of", f64::NAN);
        metrics.refresh_outcome(RefreshReason::Repeated);
        metrics.cache_lookup(CacheName::Membership, true);
        metrics.hash_queue(3);
        metrics.audit_dropped(4);
        let text = metrics.render();
        let total = "jeton_token_requests_total";
        assert_eq!(line(&text, &format!("{total}{{grant=\"refresh_token\",outcome=\"ok\"}}")), Some("2"));
        assert_eq!(line(&text, &format!("{total}{{grant=\"other\",outcome=\"other\"}}")), Some("1"));
        assert_eq!(line(&text, "jeton_refreshes_total{reason=\"repeated\"}"), Some("1"));
        assert_eq!(line(&text, "jeton_refreshes_total{reason=\"reused\"}"), Some("0"));
        assert_eq!(line(&text, "jeton_hash_queue"), Some("3"));
        assert_eq!(line(&text, "jeton_audit_dropped_total"), Some("4"));
        let bucket = |bound: &str| {
            format!("jeton_token_request_seconds_bucket{{le=\"{bound}\",grant=\"refresh_token\"}}")
        };
        assert_eq!(line(&text, &bucket("0.00025")), Some("0"));
        assert_eq!(line(&text, &bucket("0.0005")), Some("1"));
        assert_eq!(line(&text, &bucket("10.0")), Some("1"));
        assert_eq!(line(&text, &bucket("+Inf")), Some("2"));
        assert_eq!(line(&text, "jeton_token_request_seconds_sum{grant=\"refresh_token\"}"), Some("20.0004"));
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn every_series_has_its_documentation_as_help() {
        let text = Metrics::new().render();
        let source = include_str!("metrics.rs");
        let table = source.split("\nseries! {").nth(1).unwrap().split("\n}").next().unwrap();
        let mut help = "";
        let mut series = 0;
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            if let Some(doc) = row.strip_prefix("/// ") {
                help = doc;
            } else {
                let name = row.split(':').next().unwrap();
                assert_eq!(line(&text, &format!("# HELP jeton_{name}")), Some(help));
                series += 1;
            }
        }
        assert!(series >= 18, "read {series} series only");
    }

    #[test]
    fn no_label_can_name_a_tenant_a_client_or_a_user() {
        let text = Metrics::new().render();
        for forbidden in ["tenant=", "client=", "client_id=", "user=", "user_id=", "organization="] {
            assert!(!text.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn counting_from_many_threads_loses_nothing() {
        let metrics = Metrics::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        metrics.token_request(GrantLabel::Password, "invalid_grant", 0.02);
                    }
                });
            }
        });
        let text = metrics.render();
        assert_eq!(line(&text, "jeton_token_request_seconds_count{grant=\"password\"}"), Some("4000"));
        let total = "jeton_token_requests_total{grant=\"password\",outcome=\"invalid_grant\"}";
        assert_eq!(line(&text, total), Some("4000"));
    }
}
