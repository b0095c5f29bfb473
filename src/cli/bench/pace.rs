//! When to ask: as soon as an answer is there (closed loop), or at set instants whatever the answers do (open loop).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// The instants of a run, shared by its connections.
pub(super) struct Pace {
    began: Instant,
    measured_from: Instant,
    ends: Instant,
    /// Between two requests of all connections together; `None` in the closed loop.
    every: Option<Duration>,
    next: AtomicU64,
}

/// One request's turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// From when its latency counts. In the open loop that is when it was due, if its connection was still waiting
    /// for an earlier answer then: a slow answer delays those behind it, and they say so (no coordinated omission).
    pub(super) since: Instant,
    /// Whether the warm-up is over.
    pub(super) counts: bool,
}

/// When a request is to be sent.
#[derive(Debug)]
enum When {
    At(Instant),
    Now(Turn),
}

impl Pace {
    pub(super) fn new(began: Instant, warmup: Duration, duration: Duration, rate: Option<f64>) -> Self {
        let measured_from = began + warmup;
        Self {
            began,
            measured_from,
            ends: measured_from + duration,
            every: rate.filter(|rate| *rate > 0.0).map(|rate| Duration::from_secs_f64(1.0 / rate)),
            next: AtomicU64::new(0),
        }
    }

    /// Waits for the next turn; `None` when the run is over.
    pub(super) async fn turn(&self) -> Option<Turn> {
        let nth = self.next.fetch_add(1, Ordering::Relaxed);
        match self.turn_at(nth, Instant::now())? {
            When::Now(turn) => Some(turn),
            When::At(due) => {
                tokio::time::sleep_until(due).await;
                // A timer wakes up to a millisecond late; that is not the server's doing.
                Some(self.since(Instant::now()))
            }
        }
    }

    /// When the `nth` request is to be sent, by a connection that is free `now`.
    fn turn_at(&self, nth: u64, now: Instant) -> Option<When> {
        let Some(every) = self.every else {
            return (now < self.ends).then(|| When::Now(self.since(now)));
        };
        let due = self.began + Duration::from_nanos(nth.saturating_mul(nanos(every)));
        if due >= self.ends {
            return None;
        }
        Some(if due <= now { When::Now(self.since(due)) } else { When::At(due) })
    }

    fn since(&self, since: Instant) -> Turn {
        Turn { since, counts: since >= self.measured_from }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_open_loop_has_as_many_turns_as_its_rate_says() {
        let began = Instant::now();
        let pace = Pace::new(began, SECOND, 2 * SECOND, Some(100.0));
        let turns = (0..).map_while(|nth| pace.turn_at(nth, began + 9 * SECOND));
        let counted: Vec<_> = turns.map(|when| matches!(when, When::Now(turn) if turn.counts)).collect();
        assert_eq!((counted.len(), counted.iter().filter(|counts| **counts).count()), (300, 200));
    }

    #[test]
    fn what_a_slow_answer_delayed_counts_from_when_it_was_due() {
        let began = Instant::now();
        let pace = Pace::new(began, Duration::ZERO, 10 * SECOND, Some(1.0));
        let late = began + Duration::from_millis(3500);
        for nth in 0..4 {
            let Some(When::Now(turn)) = pace.turn_at(nth, late) else { panic!("the {nth}th is overdue") };
            assert_eq!(turn.since, began + Duration::from_secs(nth));
        }
        assert!(matches!(pace.turn_at(4, late), Some(When::At(due)) if due == began + 4 * SECOND));
    }

    #[test]
    fn the_closed_loop_ends() {
        let began = Instant::now();
        let pace = Pace::new(began, Duration::ZERO, SECOND, None);
        assert!(matches!(pace.turn_at(7, began), Some(When::Now(turn)) if turn.since == began));
        assert!(pace.turn_at(8, began + SECOND).is_none());
    }
}
