//! One cache: found once, remembered for a while, forgotten on word of a change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync::Cache;
use tokio::sync::OnceCell;

use super::front::Front;
use super::key::{Key, Name};
use crate::clock::Tick;
use crate::config::cache::Cache as Settings;
use crate::store::StoreError;

/// A thing, or the knowledge that there is none.
pub type Entry<T> = Option<Arc<T>>;

/// A bounded cache of things of one kind.
pub struct Shelf<T> {
    /// A few of what the cache holds.
    front: Front<T>,
    cache: Cache<Key, Kept<T>>,
    lifetimes: Lifetimes,
    /// Loads under way. A result is remembered only if its flight still stands here, and forgetting takes
    /// the flight away: under this lock a load that raced with a change can never be remembered.
    flights: Mutex<HashMap<Key, Arc<Flight<T>>>>,
}

/// An entry, and until when it may be given out.
#[derive(Debug)]
struct Kept<T> {
    entry: Entry<T>,
    until: Tick,
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
#[derive(Clone, Copy, Debug)]
struct Lifetimes {
    found: Duration,
    absent: Duration,
}

/// What can be a thing, or the knowledge that there is none.
pub trait Presence {
    /// Whether it is a thing.
    fn is_found(&self) -> bool;
}

/// A cache of at most `entries` entries with the lifetimes of `settings`. Names are hashed with `SipHash` under
/// a random key: callers choose them, absent ones too.
pub fn bounded<V: Presence + Clone + Send + Sync + 'static>(
    entries: u64,
    settings: &Settings,
) -> Cache<Key, V> {
    Cache::builder().max_capacity(entries).expire_after(Lifetimes::of(settings)).build()
}

impl<T> Presence for Entry<T> {
    fn is_found(&self) -> bool {
        self.is_some()
    }
}

impl<T> Presence for Kept<T> {
    fn is_found(&self) -> bool {
        self.entry.is_some()
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self { entry: self.entry.clone(), until: self.until }
    }
}

impl Lifetimes {
    fn of(settings: &Settings) -> Self {
        Self {
            found: Duration::from_millis(settings.ttl_ms),
            absent: Duration::from_millis(settings.absent_ttl_ms),
        }
    }

    fn of_one(self, is_found: bool) -> Duration {
        if is_found { self.found } else { self.absent }
    }
}

impl<T: Send + Sync + 'static> Shelf<T> {
    /// An empty cache with the bounds of `settings`.
    pub fn new(settings: &Settings) -> Self {
        Self {
            front: Front::new(),
            cache: bounded(settings.entries, settings),
            lifetimes: Lifetimes::of(settings),
            flights: Mutex::default(),
        }
    }

    /// What is remembered under `name`; the outer `None` is a miss.
    pub fn look(&self, name: &Name<'_>) -> Option<Entry<T>> {
        let missed = match self.front.look(name) {
            Ok(hit) => return Some(hit),
            Err(missed) => missed,
        };
        let Kept { entry, until } = self.cache.get(name)?;
        self.front.offer(&missed, name, entry.as_ref(), until);
        Some(entry)
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
                return Ok(hit.entry);
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
        self.front.forget_all();
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        let mut flights = self.lock();
        flights.clear();
        self.cache.invalidate_all();
        self.front.forget_all();
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
            let until = Tick::now().plus(self.shelf.lifetimes.of_one(entry.is_some()));
            self.shelf.cache.insert(self.key.clone(), Kept { entry: entry.clone(), until });
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

impl<V: Presence> Expiry<Key, V> for Lifetimes {
    fn expire_after_create(&self, _: &Key, value: &V, _: Instant) -> Option<Duration> {
        Some(self.of_one(value.is_found()))
    }

    fn expire_after_update(
        &self,
        key: &Key,
        value: &V,
        at: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, value, at)
    }
}
