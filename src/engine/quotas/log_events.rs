//! How many failures one address may have written to a tenant's log: a bucket each, on this node and in memory.
//!
//! A log keeps so many events and no more. Without a bound, a stranger with one connection could have it hold nothing
//! but refusals of theirs within minutes.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use moka::sync::Cache;

use super::Ticks;
use crate::clock::Clock;
use crate::config::audit::Audit as Settings;
use crate::model::attack_protection::origin;
use crate::model::log_event::LogEvent;
use crate::protocol::ids::TenantId;

/// How long an address is remembered after its last failure; by then its bucket is full again.
const FORGET: Duration = Duration::from_mins(2);

/// How many addresses are remembered.
const REMEMBERED_MAX: u64 = 100_000;

type Bucket = RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Nanos>>;

/// The buckets.
pub struct LogQuota {
    /// Absent without a bound.
    quota: Option<Quota>,
    ticks: Ticks,
    buckets: Cache<(TenantId, String), Arc<Bucket>>,
}

impl LogQuota {
    /// Full buckets.
    pub fn new(settings: &Settings, clock: Clock) -> Self {
        let quota = NonZeroU32::new(settings.failures_per_minute).map(Quota::per_minute);
        let buckets = Cache::builder().max_capacity(REMEMBERED_MAX).time_to_idle(FORGET).build();
        Self { quota, ticks: Ticks(clock), buckets }
    }

    /// Whether `event` fits; one that strangers cannot cause at will always does.
    pub fn takes(&self, event: &LogEvent) -> bool {
        let Some(quota) = self.quota.filter(|_| event.event.is_free_to_cause()) else { return true };
        let address = event.address.as_deref().and_then(|text| text.parse::<IpAddr>().ok());
        let key = (event.tenant.clone(), address.map(origin).unwrap_or_default());
        let bucket = self
            .buckets
            .get_with(key, || Arc::new(RateLimiter::direct_with_clock(quota, self.ticks.clone())));
        bucket.check().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::UnixMs;
    use crate::model::log_event::EventType;

    fn event(kind: EventType, tenant: &str, address: &str) -> LogEvent {
        LogEvent {
            tenant: TenantId::from(tenant),
            event: kind,
            at: UnixMs(0),
            client: None,
            user: None,
            organization: None,
            session: None,
            address: Some(address.to_owned()),
            description: String::new(),
        }
    }

    fn quota(failures_per_minute: u32) -> (LogQuota, Clock) {
        let clock = Clock::fixed(UnixMs::from_secs(1_000));
        (LogQuota::new(&Settings { failures_per_minute, ..Settings::default() }, clock.clone()), clock)
    }

    #[test]
    fn an_address_fills_no_log_and_leaves_room_to_others() {
        let (quota, clock) = quota(3);
        let flood = event(EventType::Flo, "a", "2001:db8::1");
        assert_eq!((0..9).filter(|_| quota.takes(&flood)).count(), 3);
        assert!(
            !quota.takes(&event(EventType::Fertft, "a", "2001:db8::2")),
            "one subscriber, many addresses"
        );
        assert!(quota.takes(&event(EventType::Flo, "a", "192.0.2.1")));
        assert!(quota.takes(&event(EventType::Flo, "b", "2001:db8::1")));
        clock.advance_ms(20_000);
        assert!(quota.takes(&flood) && !quota.takes(&flood));
    }

    #[test]
    fn what_a_stranger_cannot_cause_is_always_written() {
        let (quota, _) = quota(1);
        for kind in [EventType::Ferrt, EventType::LimitWc, EventType::S, EventType::Flo] {
            assert!(quota.takes(&event(kind, "a", "192.0.2.1")), "{kind:?}");
        }
        assert!(quota.takes(&event(EventType::Ferrt, "a", "192.0.2.1")));
    }

    #[test]
    fn nothing_is_held_back_without_a_bound() {
        let (quota, _) = quota(0);
        assert!((0..1_000).all(|_| quota.takes(&event(EventType::Flo, "a", "192.0.2.1"))));
    }
}
