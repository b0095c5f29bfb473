//! What was counted: answers, refusals, losses, latencies; as a table or as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::cli::EXIT_UNAVAILABLE;

/// The longest latency that is told apart, in microseconds; longer ones count as this.
const LATENCY_MAX_US: u64 = 60_000_000;

/// What all connections saw.
pub(super) struct Tally {
    /// Latencies of good answers in microseconds, from when they were due.
    latencies: Histogram<u64>,
    /// The same, from when they were sent.
    sent: Histogram<u64>,
    /// How late the generator sent what was due when its connection was free.
    late: Histogram<u64>,
    /// Latencies of refusals, from when they were sent.
    refusals: Histogram<u64>,
    refused: BTreeMap<u16, u64>,
    lost: u64,
    /// Sent within the run and not answered within it, and the longest that one of them took, in microseconds.
    outlasting: (u64, u64),
    /// Chains that ended because their token was refused.
    ended: u64,
    /// What the first answer that was not good said, or why there was none.
    first_fault: Option<String>,
}

/// The report of a run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    pub(super) workload: &'static str,
    pub(super) url: String,
    pub(super) connections: u32,
    /// `None` in the closed loop.
    pub(super) asked_per_second: Option<f64>,
    pub(super) seconds: f64,
    pub(super) good: u64,
    pub(super) good_per_second: f64,
    /// By status.
    pub(super) refused: BTreeMap<u16, u64>,
    pub(super) lost: u64,
    /// In the open loop: what was due, and not answered within the run.
    pub(super) unanswered: Option<f64>,
    /// Sent within the run, and not answered within it.
    pub(super) waiting_at_end: u64,
    /// How long the last of them was without an answer, from when it was sent.
    pub(super) waiting_longest_ms: f64,
    pub(super) chains_ended: u64,
    /// What the first answer that was not good said, or why there was none.
    pub(super) first_fault: Option<String>,
    /// Of good answers, when there were any.
    pub(super) latency_ms: Option<Percentiles>,
    /// Of the same answers, from when they were sent, not from when that was due.
    pub(super) sent_latency_ms: Option<Percentiles>,
    /// In the open loop: how late the generator sent what was due when its connection was free. What was late comes in a
    /// burst, and waits for itself at the server: a p99 that is not far above this one is the generator's.
    pub(super) generator_late_ms: Option<Percentiles>,
    /// Of refusals, when there were any; from when they were sent.
    pub(super) refusal_latency_ms: Option<Percentiles>,
    /// Of the server's process, when it was named.
    pub(super) server_cpu_us_per_request: Option<f64>,
}

/// Latencies in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Percentiles {
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) p999: f64,
    pub(super) max: f64,
}

impl Tally {
    /// An empty tally; `None` if the histogram cannot be had.
    pub(super) fn new() -> Option<Self> {
        let empty = Histogram::new_with_bounds(1, LATENCY_MAX_US, 3).ok()?;
        Some(Self {
            latencies: empty.clone(),
            sent: empty.clone(),
            late: empty.clone(),
            refusals: empty,
            refused: BTreeMap::new(),
            lost: 0,
            outlasting: (0, 0),
            ended: 0,
            first_fault: None,
        })
    }

    pub(super) fn good(&mut self, since_due: Duration, since_sent: Duration, late: Option<Duration>) {
        self.latencies.saturating_record(micros(since_due));
        self.sent.saturating_record(micros(since_sent));
        if let Some(late) = late {
            self.late.saturating_record(micros(late));
        }
    }

    pub(super) fn refused(&mut self, status: u16, latency: Duration) {
        self.refusals.saturating_record(micros(latency));
        *self.refused.entry(status).or_default() += 1;
    }

    pub(super) fn lost(&mut self) {
        self.lost += 1;
    }

    /// The answer, or its loss, came after the end of the run.
    pub(super) fn outlasted(&mut self, latency: Duration) {
        let (count, longest) = self.outlasting;
        self.outlasting = (count + 1, longest.max(micros(latency)));
    }

    /// How many answers came after the end, and the longest that one of them took, in milliseconds.
    pub(super) fn outlasting(&self) -> (u64, f64) {
        (self.outlasting.0, ms(self.outlasting.1))
    }

    /// Notes why an answer was not good, unless one was noted before.
    pub(super) fn explain(&mut self, fault: impl FnOnce() -> String) {
        self.first_fault.get_or_insert_with(fault);
    }

    pub(super) fn first_fault(&self) -> Option<&str> {
        self.first_fault.as_deref()
    }

    pub(super) fn ended(&mut self) {
        self.ended += 1;
    }

    /// Answers that were good.
    pub(super) fn count(&self) -> u64 {
        self.latencies.len()
    }

    /// Answers of whatever kind.
    pub(super) fn answers(&self) -> u64 {
        self.count() + self.refused.values().sum::<u64>()
    }

    pub(super) fn chains_ended(&self) -> u64 {
        self.ended
    }

    pub(super) fn losses(&self) -> u64 {
        self.lost
    }

    pub(super) fn refusals(&self) -> &BTreeMap<u16, u64> {
        &self.refused
    }

    pub(super) fn percentiles(&self) -> Option<Percentiles> {
        Percentiles::of(&self.latencies)
    }

    pub(super) fn sent_percentiles(&self) -> Option<Percentiles> {
        Percentiles::of(&self.sent)
    }

    pub(super) fn lateness(&self) -> Option<Percentiles> {
        Percentiles::of(&self.late)
    }

    pub(super) fn refusal_percentiles(&self) -> Option<Percentiles> {
        Percentiles::of(&self.refusals)
    }
}

impl Percentiles {
    /// `None` of nothing.
    fn of(latencies: &Histogram<u64>) -> Option<Self> {
        let at = |quantile| ms(latencies.value_at_quantile(quantile));
        (!latencies.is_empty()).then(|| Self {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: ms(latencies.max()),
        })
    }
}

impl Report {
    /// The exit status of a run that came to this.
    pub(super) fn status(&self) -> u8 {
        match self.good {
            0 if self.refused.is_empty() => EXIT_UNAVAILABLE,
            0 => 1,
            _ => 0,
        }
    }
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { p50, p90, p99, p999, max } = self;
        write!(f, "p50 {p50:.2}  p90 {p90:.2}  p99 {p99:.2}  p99.9 {p999:.2}  max {max:.2} ms")
    }
}

fn micros(latency: Duration) -> u64 {
    u64::try_from(latency.as_micros()).unwrap_or(LATENCY_MAX_US).max(1)
}

#[expect(clippy::cast_precision_loss, reason = "a minute of microseconds fits")]
fn ms(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pace = self
            .asked_per_second
            .map_or_else(|| "closed loop".to_owned(), |rate| format!("open loop at {rate:.0}/s"));
        let Self { workload, url, connections, seconds, .. } = self;
        writeln!(f, "{workload}, {connections} connections, {pace}, {seconds:.1} s, {url}")?;
        writeln!(f, "good      {:>10}  {:.0}/s", self.good, self.good_per_second)?;
        for (status, count) in &self.refused {
            writeln!(f, "refused   {count:>10}  status {status}")?;
        }
        if let Some(refusals) = self.refusal_latency_ms {
            writeln!(f, "refusals  {refusals}")?;
        }
        if self.lost > 0 {
            writeln!(f, "lost      {:>10}  no answer", self.lost)?;
        }
        if let Some(unanswered) = self.unanswered.filter(|unanswered| *unanswered > 0.0) {
            writeln!(f, "late      {unanswered:>10}  due, and not answered within the run")?;
        }
        if self.waiting_at_end > 0 {
            let (count, longest) = (self.waiting_at_end, self.waiting_longest_ms);
            writeln!(
                f,
                "waiting   {count:>10}  without an answer at the end, the longest for {longest:.2} ms"
            )?;
        }
        if self.chains_ended > 0 {
            writeln!(f, "ended     {:>10}  chains whose token was refused", self.chains_ended)?;
        }
        if let Some(fault) = &self.first_fault {
            writeln!(f, "first     {fault}")?;
        }
        if let Some(latency) = self.latency_ms {
            writeln!(f, "latency   {latency}")?;
        }
        if let Some(latency) = self.sent_latency_ms.filter(|_| self.asked_per_second.is_some()) {
            writeln!(f, "from sent {latency}")?;
        }
        if let Some(late) = self.generator_late_ms {
            writeln!(f, "generator {late} late")?;
        }
        match self.server_cpu_us_per_request {
            Some(cpu) => writeln!(f, "server    {cpu:.1} µs of CPU per answer"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tallies_add_up() {
        let mut all = Tally::new().unwrap();
        for ms in 1..=100_u64 {
            let late = ms.is_multiple_of(2).then(|| Duration::from_millis(3));
            all.good(Duration::from_millis(ms), Duration::from_millis(1), late);
        }
        assert!((2.9..3.1).contains(&all.lateness().unwrap().p50) && all.late.len() == 50);
        assert!(all.refusal_percentiles().is_none() && Tally::new().unwrap().percentiles().is_none());
        all.explain(|| "the first".to_owned());
        all.explain(|| "another".to_owned());
        assert_eq!(all.first_fault(), Some("the first"));
        all.outlasted(Duration::from_millis(40));
        all.outlasted(Duration::from_millis(3));
        assert_eq!(all.outlasting(), (2, 40.0));
        all.refused(503, Duration::from_millis(7));
        all.refused(503, Duration::from_millis(7));
        all.refused(429, Duration::from_millis(7));
        all.lost();
        assert_eq!((all.count(), all.answers(), all.losses()), (100, 103, 1));
        assert_eq!(
            all.refusals().iter().map(|(status, n)| (*status, *n)).collect::<Vec<_>>(),
            [(429, 1), (503, 2)]
        );
        assert!((0.9..1.1).contains(&all.sent_percentiles().unwrap().max));
        let percentiles = all.percentiles().unwrap();
        assert!((49.9..50.2).contains(&percentiles.p50), "{percentiles:?}");
        assert!((98.9..99.2).contains(&percentiles.p99), "{percentiles:?}");
        let refusals = all.refusal_percentiles().unwrap();
        assert!((6.9..7.1).contains(&refusals.max), "{refusals:?}");
    }

    #[test]
    fn a_latency_beyond_every_bound_counts_as_the_longest() {
        let mut tally = Tally::new().unwrap();
        tally.good(Duration::from_secs(10_000), Duration::ZERO, None);
        assert!(tally.lateness().is_none());
        assert_eq!(tally.count(), 1);
        assert!(tally.percentiles().unwrap().max >= 60_000.0);
    }
}
