//! Whose turn it is: how many requests are in work, and how the others wait.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::refusal::Refusal;
use crate::config::limits::Limits;

/// Bytes of a body that may come without a permit.
const SMALL_BODY: u64 = 8 * 1024;

/// The turns of one listener.
#[derive(Debug)]
pub(super) struct Turns {
    max: usize,
    waiting_max: usize,
    wait: Duration,
    /// One permit for each request that may be in work.
    work: Arc<Semaphore>,
    /// One permit for each request that may wait for one of those.
    seats: Semaphore,
    /// One permit for each large body that may be on its way.
    loads: Semaphore,
}

/// A request's turn; dropping it ends it.
#[derive(Debug)]
pub(super) struct Turn(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

/// What came of a connection's wait for a turn before it read its next request, until that request has come.
#[derive(Debug, Default)]
pub(super) struct Early(Mutex<Option<Result<Turn, Refusal>>>);

impl Turns {
    pub(super) fn new(limits: &Limits) -> Self {
        let (max, waiting_max) = (limits.in_flight(), limits.in_flight_waiting());
        Self {
            max,
            waiting_max,
            wait: limits.in_flight_wait(),
            work: Arc::new(Semaphore::new(max)),
            seats: Semaphore::new(waiting_max),
            loads: Semaphore::new(max),
        }
    }

    /// A turn for one request. Those who wait for one get it in the order in which they came: a burst, or what a store has held
    /// up, is worked off. Whoever waits for too long is told so, or at once where too many wait already.
    pub(super) async fn turn(&self) -> Result<Turn, Refusal> {
        if let Ok(turn) = Arc::clone(&self.work).try_acquire_owned() {
            return Ok(Turn(turn));
        }
        let seat = self.seats.try_acquire();
        if self.wait.is_zero() || seat.is_err() {
            return Err(Refusal::InFlight);
        }
        let turn = tokio::time::timeout(self.wait, Arc::clone(&self.work).acquire_owned()).await;
        turn.ok().and_then(Result::ok).map(Turn).ok_or(Refusal::InFlight)
    }

    /// Whether a request would get its turn at once.
    pub(super) fn any(&self) -> bool {
        self.work.available_permits() > 0
    }

    /// A permit for a body whose length is `declared` and may be `most`, if it takes one: slow callers hold no more memory than
    /// requests in work.
    pub(super) fn load(
        &self,
        declared: Option<u64>,
        most: usize,
    ) -> Result<Option<SemaphorePermit<'_>>, Refusal> {
        if declared.is_some_and(|bytes| bytes <= SMALL_BODY || bytes > most as u64) {
            return Ok(None);
        }
        self.loads.try_acquire().map(Some).map_err(|_| Refusal::Bodies)
    }

    /// How many requests are in work.
    pub(super) fn in_flight(&self) -> usize {
        self.max.saturating_sub(self.work.available_permits())
    }

    /// How many requests wait for their turn.
    pub(super) fn waiting(&self) -> usize {
        self.waiting_max.saturating_sub(self.seats.available_permits())
    }
}

impl Early {
    /// Keeps it for the request.
    pub(super) fn put(&self, turn: Result<Turn, Refusal>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(turn);
    }

    /// Takes it, or gives it up.
    pub(super) fn take(&self) -> Option<Result<Turn, Refusal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
