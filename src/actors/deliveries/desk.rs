//! The desk: what waits, until when, and what is on its way. It outlives the carrier.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::Instant;

use super::{Failure, Parcel};
use crate::config::deliveries::Deliveries as Settings;
use crate::telemetry::labels::DeliveryOutcome;
use crate::telemetry::metrics::Metrics;

/// A parcel's number; also parts those that are due at the same instant.
pub(crate) type Number = u64;

/// Everything that is to be delivered.
pub(crate) struct Desk {
    pub(crate) settings: Settings,
    /// Rung when something new waits, or something on its way is back.
    pub(crate) bell: Notify,
    book: Mutex<Book>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Book {
    last: Number,
    waiting: BTreeMap<(Instant, Number), Sending>,
    under_way: HashMap<Number, Sending>,
    /// From here on each parcel has one more attempt, at once.
    closing: bool,
}

struct Sending {
    parcel: Arc<dyn Parcel>,
    /// Attempts that have failed.
    failed: u32,
    _permit: OwnedSemaphorePermit,
}

/// One attempt; what is dropped unfinished (a panic, the end of the carrier) counts as a failure.
pub(crate) struct Attempt {
    desk: Arc<Desk>,
    number: Number,
    parcel: Arc<dyn Parcel>,
    outcome: Result<(), Failure>,
}

impl Desk {
    pub(crate) fn new(settings: Settings, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self { settings, bell: Notify::new(), book: Mutex::default(), metrics })
    }

    /// Has `parcel` tried at once.
    pub(crate) fn take(&self, parcel: Arc<dyn Parcel>, permit: OwnedSemaphorePermit) {
        let mut book = self.book();
        book.last += 1;
        let key = (Instant::now(), book.last);
        book.waiting.insert(key, Sending { parcel, failed: 0, _permit: permit });
        drop(book);
        self.metrics.deliveries_waiting(1);
        self.bell.notify_one();
    }

    /// The next attempt that is due; else when one will be, if anything waits.
    pub(crate) fn next(self: &Arc<Self>) -> Result<Attempt, Option<Instant>> {
        let mut book = self.book();
        let closing = book.closing;
        let Some(first) = book.waiting.first_entry() else { return Err(None) };
        let (due, number) = *first.key();
        if due > Instant::now() && !closing {
            return Err(Some(due));
        }
        let sending = first.remove();
        let parcel = Arc::clone(&sending.parcel);
        book.under_way.insert(number, sending);
        let outcome = Err(Failure::Passing("the attempt was broken off".to_owned()));
        Ok(Attempt { desk: Arc::clone(self), number, parcel, outcome })
    }

    /// From here on each parcel has one more attempt, at once.
    pub(crate) fn close(&self) {
        self.book().closing = true;
        self.bell.notify_one();
    }

    /// Whether nothing more will be tried.
    pub(crate) fn is_done(&self) -> bool {
        let book = self.book();
        book.closing && book.waiting.is_empty() && book.under_way.is_empty()
    }

    /// Gives up whatever is left; how many that were.
    pub(crate) fn abandon(&self) -> usize {
        let left = std::mem::take(&mut self.book().waiting);
        let count = left.len();
        let outcome = Err(Failure::Passing("the process ends".to_owned()));
        for sending in left.into_values() {
            self.end(&sending, &outcome);
        }
        count
    }

    pub(crate) fn len(&self) -> usize {
        let book = self.book();
        book.waiting.len() + book.under_way.len()
    }

    fn settle(&self, number: Number, outcome: &Result<(), Failure>) {
        let mut book = self.book();
        let Some(mut sending) = book.under_way.remove(&number) else { return };
        sending.failed += u32::from(outcome.is_err());
        let again = matches!(outcome, Err(Failure::Passing(_)))
            && sending.failed < self.settings.attempts
            && !book.closing;
        if again {
            self.metrics.delivery(sending.parcel.kind(), DeliveryOutcome::Again);
            let due = Instant::now() + self.pause(sending.failed, number);
            book.waiting.insert((due, number), sending);
        } else {
            drop(book);
            self.end(&sending, outcome);
        }
        self.bell.notify_one();
    }

    fn end(&self, sending: &Sending, outcome: &Result<(), Failure>) {
        let word = if outcome.is_ok() { DeliveryOutcome::Delivered } else { DeliveryOutcome::GivenUp };
        self.metrics.delivery(sending.parcel.kind(), word);
        self.metrics.deliveries_waiting(-1);
        sending.parcel.ended(outcome);
    }

    /// Twice as long after each failure, and up to a quarter longer, so that what failed together comes apart.
    fn pause(&self, failed: u32, number: Number) -> Duration {
        let doubled = self.settings.first_pause_ms.saturating_mul(1 << (failed - 1).min(32));
        let pause = doubled.min(self.settings.longest_pause_ms);
        Duration::from_millis(pause + pause / 4 * (number % 16) / 16)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// Makes the attempt.
    pub(crate) async fn make(mut self) {
        let limit = Duration::from_millis(self.desk.settings.timeout_ms);
        let late = || Failure::Passing("it took too long".to_owned());
        let made = tokio::time::timeout(limit, self.parcel.carry()).await;
        self.outcome = made.unwrap_or_else(|_elapsed| Err(late()));
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.desk.settle(self.number, &self.outcome);
    }
}
