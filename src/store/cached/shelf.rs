//! One cache: found once, remembered for a while, forgotten on word of a change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync::Cache;
use tokio::sync::OnceCell;

use super::key::{Key, Name};
use crate::config::cache::Cache as Settings;
use crate::store::StoreError;

/// A thing, or the knowledge that there is none.
pub type Entry<T> = Option<Arc<T>>;

/// A bounded cache of things of one kind.
pub struct Shelf<T> {
    cache: Cache<Key, Entry<T>>,
    /// Loads under way. A result is remembered only if its flight still stands here, and forgetting takes
    /// the flight away: under this lock a load that raced with a change can never be remembered.
    flights: Mutex<HashMap<Key, Arc<Flight<T>>>>,
}

/// One load that everybody who asks waits for; a waiting caller carries on when the one that began leaves.
type Flight<T> = OnceCell<Result<Entry<T>, StoreError>>;

/// A caller's place on a flight; the last one to leave takes an unfinished flight away.
struct Seat<'a, T> {
    shelf: &'a Shelf<T>,
    key: Key,
    flight: Arc<Flight<T>>,
}

/// Absence is remembered for another while than presence.
struct Lifetimes {
    found: Duration,
    absent: Duration,
}

/// A cache of at most `entries` entries with the lifetimes of `settings`. Names are hashed with `SipHash` under
/// a random key: callers choose them, absent ones too.
pub fn bounded<T: Send + Sync + 'static>(entries: u64, settings: &Settings) -> Cache<Key, Entry<T>> {
    let lifetimes = Lifetimes {
        found: Duration::from_millis(settings.ttl_ms),
        absent: Duration::from_millis(settings.absent_ttl_ms),
    };
    Cache::builder().max_capacity(entries).expire_after(lifetimes).build()
}

impl<T: Send + Sync + 'static> Shelf<T> {
    /// An empty cache with the bounds of `settings`.
    pub fn new(settings: &Settings) -> Self {
        Self { cache: bounded(settings.entries, settings), flights: Mutex::default() }
    }

    /// What is remembered under `name`; the outer `None` is a miss.
    pub fn look(&self, name: &Name<'_>) -> Option<Entry<T>> {
        self.cache.get(name)
    }

    /// Loads what [`Shelf::look`] missed, once for all who ask at the same time.
    ///
    /// # Errors
    /// What `load` failed with; failures are not remembered.
    pub async fn load(
        &self,
        name: &Name<'_>,
        load: impl Future<Output = Result<Entry<T>, StoreError>>,
    ) -> Result<Entry<T>, StoreError> {
        let key = name.to_key();
        let flight = {
            let mut flights = self.lock();
            // Between the miss and this lock, another load may have landed.
            if let Some(hit) = self.cache.get(name) {
                return Ok(hit);
            }
            Arc::clone(flights.entry(key.clone()).or_default())
        };
        let seat = Seat { shelf: self, key, flight };
        let result = seat.flight.get_or_init(|| load).await.clone();
        seat.land(&result);
        result
    }

    /// Forgets what is remembered under `name`, and what is being loaded.
    pub fn forget(&self, name: &Name<'_>) {
        let mut flights = self.lock();
        flights.remove(&name.to_key());
        self.cache.invalidate(name);
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        let mut flights = self.lock();
        flights.clear();
        self.cache.invalidate_all();
    }

    /// Whether no load is under way.
    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Flight<T>>>> {
        // The map is whole at every step: a panic elsewhere leaves nothing half done.
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Seat<'_, T>
where
    T: Send + Sync + 'static,
{
    fn land(&self, result: &Result<Entry<T>, StoreError>) {
        let mut flights = self.shelf.lock();
        if !flights.get(&self.key).is_some_and(|standing| Arc::ptr_eq(standing, &self.flight)) {
            return;
        }
        flights.remove(&self.key);
        if let Ok(entry) = result {
            self.shelf.cache.insert(self.key.clone(), entry.clone());
        }
    }
}

impl<T> Drop for Seat<'_, T> {
    fn drop(&mut self) {
        let mut flights = self.shelf.flights.lock().unwrap_or_else(PoisonError::into_inner);
        // Given up under the lock, so that the count below says who else waits.
        drop(std::mem::take(&mut self.flight));
        if flights.get(&self.key).is_some_and(|standing| Arc::strong_count(standing) == 1) {
            flights.remove(&self.key);
        }
    }
}

impl<T> Expiry<Key, Entry<T>> for Lifetimes {
    fn expire_after_create(&self, _: &Key, entry: &Entry<T>, _: Instant) -> Option<Duration> {
        Some(if entry.is_some() { self.found } else { self.absent })
    }

    fn expire_after_update(
        &self,
        key: &Key,
        entry: &Entry<T>,
        at: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, entry, at)
    }
}
