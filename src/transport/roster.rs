//! Every open connection of a listener, and the sweep that tells the idle to rest, and the late and the long idle to go.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::pulse::{Order, Phase, Pulse};
use crate::config::limits::Limits;

/// Every open connection.
#[derive(Debug)]
pub(super) struct Roster {
    entries: Mutex<Entries>,
    emptied: Notify,
    patience: Patience,
}

/// A place in the roster; giving it up leaves the roster.
#[derive(Debug)]
pub(super) struct Place {
    roster: Arc<Roster>,
    number: u64,
    /// The pulse that the sweep sees.
    pub(super) pulse: Arc<Pulse>,
}

#[derive(Debug, Default)]
struct Entries {
    next: u64,
    open: HashMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    pulse: Arc<Pulse>,
    /// The state at the last sweep, and how many sweeps it has stayed the same.
    last: u64,
    same: u32,
}

/// How many sweeps a phase may last.
#[derive(Clone, Copy, Debug)]
struct Patience {
    sweep: Duration,
    head: u32,
    idle: u32,
}

impl Roster {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        let head = limits.header_read_timeout();
        let sweep = (head.min(limits.keep_alive_idle()) / 2).clamp(Duration::from_millis(25), SWEEP);
        let sweeps = |period: Duration| {
            u32::try_from(period.as_millis().div_ceil(sweep.as_millis())).unwrap_or(u32::MAX)
        };
        let patience = Patience { sweep, head: sweeps(head), idle: sweeps(limits.keep_alive_idle()) };
        Arc::new(Self { entries: Mutex::default(), emptied: Notify::new(), patience })
    }

    /// How often to call [`Roster::sweep`].
    pub(super) fn sweep_every(&self) -> Duration {
        self.patience.sweep
    }

    /// A place for a new connection, or `None` when `max` are open.
    pub(super) fn enter(self: &Arc<Self>, max: usize) -> Option<Place> {
        let pulse = Arc::new(Pulse::new());
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.open.len() >= max {
            return None;
        }
        let number = entries.next;
        entries.next += 1;
        entries.open.insert(number, Entry { pulse: Arc::clone(&pulse), last: u64::MAX, same: 0 });
        Some(Place { roster: Arc::clone(self), number, pulse })
    }

    /// Looks at every connection once: whoever was idle the last time too is told to rest, the late and the long idle to go.
    pub(super) fn sweep(&self) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in entries.open.values_mut() {
            entry.look(self.patience);
        }
    }

    /// Gives every connection the same order; the answer is how many there are.
    pub(super) fn command(&self, order: Order) -> usize {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in entries.open.values() {
            entry.pulse.command(order);
        }
        entries.open.len()
    }

    /// Resolves when no connection is open.
    pub(super) async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.entries.lock().unwrap_or_else(PoisonError::into_inner).open.is_empty() {
                return;
            }
            emptied.await;
        }
    }
}

impl Entry {
    fn look(&mut self, patience: Patience) {
        let (state, phase) = self.pulse.state();
        if state != self.last {
            self.last = state;
            self.same = 0;
            return;
        }
        self.same = self.same.saturating_add(1);
        match phase {
            Phase::Busy | Phase::Queued => {}
            Phase::Idle if self.pulse.order() == Order::None && self.same >= patience.idle => {
                self.pulse.command(Order::Close);
                self.same = 0;
            }
            Phase::Idle if self.pulse.order() == Order::None => self.pulse.tell_to_rest(),
            Phase::Fresh | Phase::Head if self.pulse.order() < Order::Late && self.same >= patience.head => {
                self.pulse.command(Order::Late);
                self.same = 0;
            }
            // Told to go, or lingering, and still here.
            Phase::Fresh | Phase::Head | Phase::Idle | Phase::Linger => {
                if self.same >= patience.head {
                    self.pulse.command(Order::Cut);
                }
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut entries = self.roster.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.open.remove(&self.number);
        if entries.open.is_empty() {
            self.roster.emptied.notify_waiters();
        }
    }
}

/// The longest time between two sweeps: until it rests, which takes one to two, a connection holds some 35 KiB.
const SWEEP: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    fn roster() -> Arc<Roster> {
        let limits = Limits { header_read_timeout_ms: 1000, keep_alive_idle_ms: 2000, ..Limits::default() };
        Roster::new(&limits)
    }

    fn sweep(roster: &Roster, times: usize) {
        for _ in 0..times {
            roster.sweep();
        }
    }

    #[test]
    fn a_head_that_stays_begun_is_late_and_then_cut() {
        let roster = roster();
        assert_eq!(roster.sweep_every(), Duration::from_millis(500));
        let place = roster.enter(1).unwrap();
        place.pulse.received();
        sweep(&roster, 2);
        assert_eq!(place.pulse.order(), Order::None);
        sweep(&roster, 1);
        assert_eq!(place.pulse.order(), Order::Late);
        sweep(&roster, 2);
        assert_eq!(place.pulse.order(), Order::Cut);
    }

    #[test]
    fn an_idle_connection_is_closed_and_one_that_works_is_not() {
        let roster = roster();
        let (idle, works, busy) =
            (roster.enter(9).unwrap(), roster.enter(9).unwrap(), roster.enter(9).unwrap());
        idle.pulse.begin();
        idle.pulse.end();
        busy.pulse.begin();
        for _ in 0..5 {
            works.pulse.begin();
            works.pulse.end();
            roster.sweep();
        }
        assert!(idle.pulse.is_told_to_rest());
        assert!(!works.pulse.is_told_to_rest());
        assert!(!busy.pulse.is_told_to_rest());
        assert_eq!(idle.pulse.order(), Order::Close);
        assert_eq!(works.pulse.order(), Order::None);
        assert_eq!(busy.pulse.order(), Order::None);
    }

    #[tokio::test]
    async fn places_are_counted_and_given_up() {
        let roster = roster();
        let place = roster.enter(1).unwrap();
        assert!(roster.enter(1).is_none());
        assert_eq!(roster.command(Order::Close), 1);
        let waiting = tokio::spawn({
            let roster = Arc::clone(&roster);
            async move { roster.empty().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(place);
        waiting.await.unwrap();
        assert!(roster.enter(1).is_some());
    }
}
