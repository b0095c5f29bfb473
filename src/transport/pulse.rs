//! The phase one connection is in, and the order it is under: a few atomics between the connection and the sweep.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::task::Waker;

use futures_util::task::AtomicWaker;

use super::turns::Early;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Accepted; nothing has come yet.
    Fresh = 0,
    /// Between requests.
    Idle = 1,
    /// A head has begun and is not complete (HTTP/1 only).
    Head = 2,
    /// At least one request is in work.
    Busy = 3,
    /// Answered and closed by us; what the caller still sends is thrown away, so that it can read the answer.
    Linger = 4,
    /// A request has begun to come and waits in the system for its turn (HTTP/1 only).
    Queued = 5,
}

/// What a connection has been told, each stronger than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    /// Go on.
    None = 0,
    /// Finish what is in work, then close.
    Close = 1,
    /// The head is late: say so and close.
    Late = 2,
    /// Close now.
    Cut = 3,
}

/// The state shared by a connection, its byte stream, its requests and the sweep.
#[derive(Debug)]
pub(super) struct Pulse {
    /// `requests begun << 3 | phase`: a value that stays the same means that nothing has happened.
    state: AtomicU64,
    /// Requests in work; more than one only on HTTP/2.
    in_work: AtomicU32,
    /// HTTP/2 frames its own heads; then bytes that arrive do not begin one.
    http2: AtomicBool,
    /// Whether to throw away what the caller still sends before closing.
    linger: AtomicBool,
    /// Whether bytes of an answer may not have reached the system yet.
    unsent: AtomicBool,
    rest: AtomicU8,
    order: AtomicU8,
    waker: AtomicWaker,
    /// What came of its wait for a turn before it read its next request.
    pub(super) early: Early,
}

/// Told by the sweep to give its buffers up, if nothing has come meanwhile.
const TOLD: u8 = 1;
/// Without buffers, until the caller says something.
const RESTING: u8 = 2;

impl Pulse {
    pub(super) fn new() -> Self {
        Self {
            state: AtomicU64::new(Phase::Fresh as u64),
            in_work: AtomicU32::new(0),
            http2: AtomicBool::new(false),
            linger: AtomicBool::new(false),
            unsent: AtomicBool::new(false),
            rest: AtomicU8::new(0),
            order: AtomicU8::new(Order::None as u8),
            waker: AtomicWaker::new(),
            early: Early::default(),
        }
    }

    /// The caller has opened with the preface of HTTP/2.
    pub(super) fn speaks_http2(&self) {
        self.http2.store(true, Relaxed);
        self.enter(Phase::Idle);
    }

    /// Bytes of a request have come.
    pub(super) fn received(&self) {
        match phase_of(self.state.load(Relaxed)) {
            Phase::Idle if self.http2.load(Relaxed) => {}
            Phase::Fresh | Phase::Idle => self.enter(Phase::Head),
            Phase::Head | Phase::Busy | Phase::Linger | Phase::Queued => {}
        }
    }

    /// A request has arrived.
    pub(super) fn begin(&self) {
        self.in_work.fetch_add(1, Relaxed);
        let begun = (self.state.load(Relaxed) >> 3).wrapping_add(1);
        self.state.store(begun << 3 | Phase::Busy as u64, Relaxed);
    }

    /// A request has been answered, or given up.
    pub(super) fn end(&self) {
        if self.in_work.fetch_sub(1, Relaxed) == 1 {
            self.enter(Phase::Idle);
        }
    }

    /// Whether bytes of an answer are on their way to the system.
    pub(super) fn sends(&self, unsent: bool) {
        self.unsent.store(unsent, Relaxed);
    }

    /// Tells a connection between two requests of HTTP/1 to give its buffers up; one that already has is let be.
    pub(super) fn tell_to_rest(&self) {
        if !self.http2.load(Relaxed) && self.rest.compare_exchange(0, TOLD, SeqCst, SeqCst).is_ok() {
            self.waker.wake();
        }
    }

    /// Whether the sweep has told it to rest, and [`Pulse::take_rest`] has not been asked since.
    pub(super) fn is_told_to_rest(&self) -> bool {
        self.rest.load(SeqCst) == TOLD
    }

    /// As [`Pulse::is_told_to_rest`]; from here on, it may be told again.
    pub(super) fn take_rest(&self) -> bool {
        self.rest.compare_exchange(TOLD, 0, SeqCst, SeqCst).is_ok()
    }

    /// Whether the request that comes waits for its turn.
    pub(super) fn queues(&self, queued: bool) {
        self.enter(if queued { Phase::Queued } else { Phase::Idle });
    }

    /// Whether a request has begun to come and is not here yet.
    pub(super) fn is_coming(&self) -> bool {
        matches!(self.state().1, Phase::Head | Phase::Queued)
    }

    /// Whether the next bytes begin a request (HTTP/1 only).
    pub(super) fn awaits_request(&self) -> bool {
        let (_, phase) = self.state();
        matches!(phase, Phase::Fresh | Phase::Idle) && !self.http2.load(Relaxed)
    }

    /// Whether nothing of a request or an answer is left to do: then nothing but the stream has to be kept.
    pub(super) fn may_rest(&self) -> bool {
        let (_, phase) = self.state();
        phase == Phase::Idle
            && !self.http2.load(Relaxed)
            && !self.unsent.load(Relaxed)
            && !self.linger.load(Relaxed)
            && self.order() == Order::None
    }

    /// It holds no buffers, or does again.
    pub(super) fn rests(&self, resting: bool) {
        self.rest.store(if resting { RESTING } else { 0 }, SeqCst);
    }

    /// The answer leaves part of a request unread.
    pub(super) fn linger_at_close(&self) {
        self.linger.store(true, Relaxed);
    }

    /// Whether to linger; from here on, the phase is [`Phase::Linger`].
    pub(super) fn lingers(&self) -> bool {
        let lingers = self.linger.load(Relaxed);
        if lingers {
            self.enter(Phase::Linger);
        }
        lingers
    }

    /// The state as one number, and the phase in it.
    pub(super) fn state(&self) -> (u64, Phase) {
        let state = self.state.load(Relaxed);
        (state, phase_of(state))
    }

    /// The order in force.
    pub(super) fn order(&self) -> Order {
        match self.order.load(SeqCst) {
            0 => Order::None,
            1 => Order::Close,
            2 => Order::Late,
            _ => Order::Cut,
        }
    }

    /// Gives an order, unless a stronger one is in force, and wakes the connection.
    pub(super) fn command(&self, order: Order) {
        let before = self.order.fetch_max(order as u8, SeqCst);
        if before < order as u8 {
            self.waker.wake();
        }
    }

    /// Whom the next order wakes.
    pub(super) fn listen(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    fn enter(&self, phase: Phase) {
        let begun = self.state.load(Relaxed) >> 3;
        self.state.store(begun << 3 | phase as u64, Relaxed);
    }
}

fn phase_of(state: u64) -> Phase {
    match state & 7 {
        0 => Phase::Fresh,
        1 => Phase::Idle,
        2 => Phase::Head,
        3 => Phase::Busy,
        4 => Phase::Linger,
        _ => Phase::Queued,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_passes_through_its_phases_and_leaves_a_trace() {
        let pulse = Pulse::new();
        let fresh = pulse.state().0;
        pulse.received();
        assert_eq!(pulse.state().1, Phase::Head);
        pulse.begin();
        pulse.received();
        assert_eq!(pulse.state().1, Phase::Busy);
        pulse.end();
        assert_eq!(pulse.state().1, Phase::Idle);
        let once = pulse.state().0;
        assert_ne!(once, fresh);
        pulse.begin();
        pulse.end();
        assert_ne!(pulse.state().0, once, "a second request must be visible to the sweep");
    }

    #[test]
    fn http2_is_busy_until_its_last_request_and_never_in_a_head() {
        let pulse = Pulse::new();
        pulse.speaks_http2();
        pulse.received();
        assert_eq!(pulse.state().1, Phase::Idle);
        pulse.begin();
        pulse.begin();
        pulse.end();
        assert_eq!(pulse.state().1, Phase::Busy);
        pulse.end();
        assert_eq!(pulse.state().1, Phase::Idle);
    }

    #[test]
    fn only_between_two_requests_of_http1_is_there_nothing_to_keep() {
        let pulse = Pulse::new();
        assert!(!pulse.may_rest(), "nothing has come yet");
        pulse.begin();
        assert!(!pulse.may_rest());
        pulse.sends(true);
        pulse.end();
        assert!(!pulse.may_rest(), "the answer is on its way");
        pulse.sends(false);
        assert!(pulse.may_rest());
        pulse.received();
        assert!(!pulse.may_rest(), "another request has begun");
        let http2 = Pulse::new();
        http2.speaks_http2();
        assert!(!http2.may_rest());
        http2.tell_to_rest();
        assert!(!http2.take_rest());
    }

    #[test]
    fn who_rests_is_not_told_to_again() {
        let pulse = Pulse::new();
        pulse.tell_to_rest();
        assert!(pulse.is_told_to_rest());
        assert!(pulse.take_rest());
        assert!(!pulse.take_rest());
        pulse.rests(true);
        pulse.tell_to_rest();
        assert!(!pulse.is_told_to_rest());
        pulse.rests(false);
        pulse.tell_to_rest();
        assert!(pulse.take_rest());
    }

    #[test]
    fn a_weaker_order_does_not_replace_a_stronger_one() {
        let pulse = Pulse::new();
        pulse.command(Order::Cut);
        pulse.command(Order::Close);
        assert_eq!(pulse.order(), Order::Cut);
    }
}
