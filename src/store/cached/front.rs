//! What is asked for all the time, before the cache that knows everything: one slot, one comparison. A hit in moka
//! takes six times as long, for it hashes slowly, reads a clock, and notes who was read.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use foldhash::quality::RandomState;
use moka::Equivalent;

use super::key::{Key, Name};
use super::shelf::Entry;
use crate::clock::Tick;

/// How many things at most; a power of two. What shares a slot with something else is found behind it.
const SLOTS: usize = 512;

/// A thing stays at least so long once it has a slot: two that share one do not drive each other out all the time.
const STAY: Duration = Duration::from_millis(100);

/// The things asked for most. Callers choose names, and may choose such as share a slot: these cost what they cost
/// without all this.
pub(super) struct Front<T> {
    slots: Box<[Slot<T>]>,
    hasher: RandomState,
    /// Raised whenever something is forgotten; what was put here before is not found any more.
    generation: AtomicU64,
}

struct Slot<T> {
    held: ArcSwapOption<Held<T>>,
    /// The mark of what was looked for last and was not here.
    missed: AtomicU32,
}

struct Held<T> {
    key: Key,
    entry: Entry<T>,
    generation: u64,
    since: Tick,
    until: Tick,
}

/// A look that found nothing: where the thing would be, and when that was.
pub(super) struct Missed {
    hash: u64,
    generation: u64,
    at: Tick,
}

impl<T> Front<T> {
    pub(super) fn new() -> Self {
        let slot = |_| Slot { held: ArcSwapOption::empty(), missed: AtomicU32::new(0) };
        Self {
            slots: (0..SLOTS).map(slot).collect(),
            hasher: RandomState::default(),
            generation: AtomicU64::new(0),
        }
    }

    /// What is held under `name`.
    ///
    /// # Errors
    /// [`Missed`], to be handed to [`Front::offer`] with what is found elsewhere.
    pub(super) fn look(&self, name: &Name<'_>) -> Result<Entry<T>, Missed> {
        let hash = self.hasher.hash_one(name);
        // Read before the thing is looked for elsewhere: what is forgotten from here on raises it.
        let generation = self.generation.load(Ordering::Acquire);
        let at = Tick::now();
        if let Some(held) = &*self.slot(hash).held.load()
            && held.generation == generation
            && at < held.until
            && name.equivalent(&held.key)
        {
            return Ok(held.entry.clone());
        }
        Err(Missed { hash, generation, at })
    }

    /// Takes `entry`, which may be given out until `until`, if it is the second time in a row that its slot was asked for
    /// it, and the slot is free.
    pub(super) fn offer(&self, missed: &Missed, name: &Name<'_>, entry: Option<&Arc<T>>, until: Tick) {
        let slot = self.slot(missed.hash);
        // The upper half; the lower one told the slot.
        let mark = (missed.hash >> 32) as u32;
        if slot.missed.load(Ordering::Relaxed) != mark {
            return slot.missed.store(mark, Ordering::Relaxed);
        }
        let is_taken = slot.held.load().as_ref().is_some_and(|held| {
            held.generation == missed.generation && missed.at < held.until.min(held.since.plus(STAY))
        });
        if is_taken {
            return;
        }
        let (generation, since) = (missed.generation, missed.at);
        let held = Held { key: name.to_key(), entry: entry.cloned(), generation, since, until };
        slot.held.store(Some(Arc::new(held)));
    }

    /// Holds nothing any more. To be called when the thing is gone from everywhere else: what was read elsewhere before
    /// is of an earlier generation, whenever it is offered.
    pub(super) fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    fn slot(&self, hash: u64) -> &Slot<T> {
        // The remainder is smaller than the number of slots, which is a usize.
        &self.slots[usize::try_from(hash % SLOTS as u64).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ids::TenantId;

    const LONG: Duration = Duration::from_mins(1);

    /// What `front` gives, after `found` was offered where it gave nothing.
    fn ask(front: &Front<u32>, name: &Name<'_>, found: u32) -> Option<u32> {
        match front.look(name) {
            Ok(entry) => entry.map(|number| *number),
            Err(missed) => {
                front.offer(&missed, name, Some(&Arc::new(found)), Tick::now().plus(LONG));
                None
            }
        }
    }

    #[test]
    fn what_is_asked_for_twice_in_a_row_is_held_until_something_is_forgotten() {
        let (front, tenant) = (Front::new(), TenantId::from("acme"));
        let name = Name::of(&tenant, "client");
        assert_eq!([ask(&front, &name, 1), ask(&front, &name, 1)], [None, None]);
        assert_eq!(ask(&front, &name, 2), Some(1));
        front.forget_all();
        assert_eq!([ask(&front, &name, 2), ask(&front, &name, 3)], [None, Some(2)]);
    }

    #[test]
    fn what_was_found_before_something_was_forgotten_is_not_held_after_it() {
        let (front, tenant) = (Front::new(), TenantId::from("acme"));
        let name = Name::of(&tenant, "client");
        ask(&front, &name, 1);
        let missed = front.look(&name).unwrap_err();
        front.forget_all();
        front.offer(&missed, &name, Some(&Arc::new(1)), Tick::now().plus(LONG));
        assert!(front.look(&name).is_err());
    }

    #[test]
    fn absence_is_held_and_nothing_is_held_past_its_time() {
        let (front, tenant) = (Front::<u32>::new(), TenantId::from("acme"));
        let (absent, late) = (Name::of(&tenant, "absent"), Name::pair(&tenant, "client", "late"));
        for _ in 0..2 {
            front.offer(&front.look(&absent).unwrap_err(), &absent, None, Tick::now().plus(LONG));
            front.offer(&front.look(&late).unwrap_err(), &late, None, Tick::now());
        }
        assert!(front.look(&absent).is_ok_and(|entry| entry.is_none()));
        assert!(front.look(&late).is_err());
    }

    #[test]
    fn of_two_that_share_a_slot_each_gets_its_own() {
        let (front, tenant) = (Front::new(), TenantId::from("acme"));
        let slot =
            |word: &str| std::ptr::from_ref(front.slot(front.hasher.hash_one(Name::of(&tenant, word))));
        let other = (0..100_000)
            .map(|number| format!("c{number}"))
            .find(|word| slot(word) == slot("client"))
            .unwrap();
        let (one, two) = (Name::of(&tenant, "client"), Name::of(&tenant, &other));
        for _ in 0..2 {
            ask(&front, &one, 1);
        }
        for _ in 0..4 {
            assert_eq!([ask(&front, &one, 1), ask(&front, &two, 2)], [Some(1), None], "the first one stays");
        }
        std::thread::sleep(2 * STAY);
        assert_eq!([ask(&front, &two, 2), ask(&front, &two, 2)], [None, Some(2)], "it has had its time");
        assert_eq!(ask(&front, &one, 1), None);
    }
}
