//! When to ask: as soon as an answer is there (closed loop), or at set instants whatever the answers do (open loop).

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::cli::bench::timer::Timer;

/// The instants of a run, shared by its connections.
pub(super) struct Pace {
    began: Instant,
    measured_from: Instant,
    ends: Instant,
    /// Between two requests of all connections together; `None` in the closed loop.
    every: Option<Duration>,
    next: AtomicU64,
    alarm: Alarm,
}

/// Wakes whoever asked at the instant they named, in the order in which they asked. The runtime's own timers have a
/// resolution of a millisecond: what is due within one would be sent at once, and wait for each other at the server.
struct Alarm(mpsc::UnboundedSender<(Instant, oneshot::Sender<()>)>);

/// A request that is to be sent now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// From when its latency counts.
    pub(super) since: Instant,
    /// How late it is by the generator's own doing: it was due, and its connection was free.
    pub(super) late: Option<Duration>,
}

/// When a request is to be sent.
#[derive(Debug)]
enum When {
    At(Instant),
    /// At once; its latency counts from here.
    Now(Instant),
}

impl Pace {
    /// Within a runtime. Fails where the system has no timer left.
    pub(super) fn new(
        began: Instant,
        warmup: Duration,
        duration: Duration,
        rate: Option<f64>,
    ) -> io::Result<Self> {
        let measured_from = began + warmup;
        Ok(Self {
            began,
            measured_from,
            ends: measured_from + duration,
            every: rate.filter(|rate| *rate > 0.0).map(|rate| Duration::from_secs_f64(1.0 / rate)),
            next: AtomicU64::new(0),
            alarm: Alarm::set_up()?,
        })
    }

    /// Whether an answer counts that came `now`: after the warm-up and before the end.
    pub(super) fn counts(&self, now: Instant) -> bool {
        self.measured_from <= now && now < self.ends
    }

    /// Whether the run ended between the instant at which something was `sent` and the one at which its answer came.
    pub(super) fn is_outlasted_by(&self, sent: Instant, answered: Instant) -> bool {
        sent < self.ends && self.ends <= answered
    }

    /// Waits for the next turn; `None` when the run is over. In the open loop its latency counts from when it was due, if
    /// its connection was still waiting for an earlier answer then: a slow answer delays those behind it, and they say so
    /// (no coordinated omission).
    pub(super) async fn turn(&self) -> Option<Turn> {
        let nth = self.next.fetch_add(1, Ordering::Relaxed);
        match self.turn_at(nth, Instant::now())? {
            When::Now(since) => Some(Turn { since, late: None }),
            When::At(due) => {
                self.alarm.at(due).await;
                // An alarm wakes late where others want the processor too; that is not the server's doing, and is told.
                let now = Instant::now();
                Some(Turn { since: now, late: Some(now.saturating_duration_since(due)) })
            }
        }
    }

    /// When the `nth` request is to be sent, by a connection that is free `now`.
    fn turn_at(&self, nth: u64, now: Instant) -> Option<When> {
        let Some(every) = self.every else {
            return (now < self.ends).then_some(When::Now(now));
        };
        let due = self.began + Duration::from_nanos(nth.saturating_mul(nanos(every)));
        if due >= self.ends || now >= self.ends {
            return None;
        }
        Some(if due <= now { When::Now(due) } else { When::At(due) })
    }
}

impl Alarm {
    fn set_up() -> io::Result<Self> {
        let mut timer = Timer::new()?;
        let (order, mut orders) = mpsc::unbounded_channel::<(Instant, oneshot::Sender<()>)>();
        // Ends when nobody can ask any more, or with its timer.
        tokio::spawn(async move {
            while let Some((due, wake)) = orders.recv().await {
                timer.until(due).await?;
                // Whoever asked may be gone.
                let _woken = wake.send(());
            }
            io::Result::Ok(())
        });
        Ok(Self(order))
    }

    async fn at(&self, due: Instant) {
        let (wake, woken) = oneshot::channel();
        let asked = self.0.send((due, wake)).is_ok();
        if !asked || woken.await.is_err() {
            tokio::time::sleep_until(due).await;
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn the_open_loop_has_as_many_turns_as_its_rate_says() {
        let began = Instant::now();
        let pace = Pace::new(began, SECOND, 2 * SECOND, Some(100.0)).unwrap();
        let turns = (0..).map_while(|nth| pace.turn_at(nth, began + 3 * SECOND - Duration::from_nanos(1)));
        assert_eq!(turns.filter(|when| matches!(when, When::Now(_))).count(), 300);
        assert!(
            pace.turn_at(0, began + 3 * SECOND).is_none(),
            "what is overdue at the end is not asked any more"
        );
    }

    #[tokio::test]
    async fn what_a_slow_answer_delayed_counts_from_when_it_was_due() {
        let began = Instant::now();
        let pace = Pace::new(began, Duration::ZERO, 10 * SECOND, Some(1.0)).unwrap();
        let late = began + Duration::from_millis(3500);
        for nth in 0..4 {
            let Some(When::Now(since)) = pace.turn_at(nth, late) else { panic!("the {nth}th is overdue") };
            assert_eq!(since, began + Duration::from_secs(nth));
        }
        assert!(matches!(pace.turn_at(4, late), Some(When::At(due)) if due == began + 4 * SECOND));
    }

    #[tokio::test]
    async fn what_is_answered_in_the_warm_up_or_after_the_end_does_not_count() {
        let began = Instant::now();
        let pace = Pace::new(began, SECOND, 2 * SECOND, None).unwrap();
        let counts = |ms| pace.counts(began + Duration::from_millis(ms));
        assert_eq!([999, 1_000, 2_999, 3_000].map(counts), [false, true, true, false]);
        let outlasted = |sent, answered| {
            pace.is_outlasted_by(began + Duration::from_millis(sent), began + Duration::from_millis(answered))
        };
        assert!(outlasted(2_999, 3_000) && !outlasted(2_998, 2_999) && !outlasted(3_000, 3_001));
    }

    #[tokio::test]
    async fn turns_are_taken_one_by_one_and_not_before_they_are_due() {
        let began = Instant::now();
        let pace = Pace::new(began, Duration::ZERO, SECOND, Some(2_000.0)).unwrap();
        for nth in 0..40 {
            let Turn { since, late } = pace.turn().await.unwrap();
            let due = began + Duration::from_micros(500 * nth);
            assert!(since >= due, "turn {nth} at {:?}", since - began);
            assert!(late.is_none_or(|late| since - due == late), "turn {nth}: {late:?} after it was due");
        }
    }

    #[tokio::test]
    async fn the_closed_loop_ends() {
        let began = Instant::now();
        let pace = Pace::new(began, Duration::ZERO, SECOND, None).unwrap();
        assert!(matches!(pace.turn_at(7, began), Some(When::Now(since)) if since == began));
        assert!(pace.turn_at(8, began + SECOND).is_none());
    }
}
