//! The writes of one commit: each verb sees what the verbs before it wrote, and a failed verb leaves nothing.

use std::collections::BTreeMap;
use std::ops::Bound;

use fjall::{KvPair, Slice};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::disk::{Disk, Space, end_of, fitting};
use super::keys;
use super::recent::Recent;
use crate::clock::UnixMs;
use crate::store::StoreError;

/// What a verb reads from and writes to.
pub(super) struct Batch<'a> {
    disk: &'a Disk,
    recent: &'a mut Recent,
    now: UnixMs,
    /// The last write of each key. One entry a key: the journal gets each key once.
    changes: [BTreeMap<Slice, Change>; Space::ALL.len()],
    /// What the running verb replaced in `changes`, to put it back if the verb fails.
    replaced: Vec<(Space, Slice, Option<Change>)>,
}

/// What becomes of a key.
#[derive(Clone)]
pub(super) enum Change {
    Put(Slice),
    Remove,
}

impl<'a> Batch<'a> {
    pub(super) fn new(disk: &'a Disk, recent: &'a mut Recent, now: UnixMs) -> Self {
        Self { disk, recent, now, changes: Default::default(), replaced: Vec::new() }
    }

    /// The present instant, for verbs whose caller does not give one.
    pub(super) const fn now(&self) -> UnixMs {
        self.now
    }

    pub(super) fn get(&self, space: Space, key: &[u8]) -> Result<Option<Slice>, StoreError> {
        let pending = self.changes[space as usize].get(key);
        let lately = || if space == Space::Live { self.recent.get(key) } else { None };
        match pending.or_else(lately) {
            Some(Change::Put(value)) => Ok(Some(value.clone())),
            Some(Change::Remove) => Ok(None),
            None => self.disk.get(space, key),
        }
    }

    /// The value at `key` as a `T`.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        space: Space,
        key: &[u8],
    ) -> Result<Option<T>, StoreError> {
        self.get(space, key)?.map(|bytes| decoded(&bytes)).transpose()
    }

    /// The tables without the changes of this batch: what was committed before.
    pub(super) const fn committed(&self) -> &'a Disk {
        self.disk
    }

    /// Every entry whose key starts with `prefix`, in order of key.
    pub(super) fn under(&self, space: Space, prefix: &[u8]) -> Result<Vec<KvPair>, StoreError> {
        let stored = self.disk.page(space, prefix, &[], usize::MAX)?;
        let end = end_of(prefix);
        let mut changes = self.changes[space as usize]
            .range::<[u8], _>((Bound::Included(prefix), Bound::Excluded(end.as_slice())))
            .peekable();
        if changes.peek().is_none() {
            return Ok(stored);
        }
        let mut merged: BTreeMap<Slice, Slice> = stored.into_iter().collect();
        for (key, change) in changes {
            match change {
                Change::Put(value) => merged.insert(key.clone(), value.clone()),
                Change::Remove => merged.remove(key),
            };
        }
        Ok(merged.into_iter().collect())
    }

    pub(super) fn put(
        &mut self,
        space: Space,
        key: impl Into<Slice>,
        value: impl Into<Slice>,
    ) -> Result<(), StoreError> {
        let key = key.into();
        fitting(&key)?;
        self.change(space, key, Change::Put(value.into()));
        Ok(())
    }

    /// Stores `value` in its compact encoding.
    pub(super) fn write<T: Serialize>(
        &mut self,
        space: Space,
        key: impl Into<Slice>,
        value: &T,
    ) -> Result<(), StoreError> {
        self.put(space, key, encoded(value)?)
    }

    pub(super) fn remove(&mut self, space: Space, key: impl Into<Slice>) {
        self.change(space, key.into(), Change::Remove);
    }

    /// Runs one verb; if it fails, its writes are taken back.
    pub(super) fn run<T>(
        &mut self,
        verb: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let outcome = verb(self);
        while let Some((space, key, before)) = self.replaced.pop() {
            if outcome.is_ok() {
                self.replaced.clear();
                break;
            }
            match before {
                Some(change) => self.changes[space as usize].insert(key, change),
                None => self.changes[space as usize].remove(&key),
            };
        }
        outcome
    }

    /// Hands everything to the operating system; returns how many bytes of the journal it takes, about.
    pub(super) fn commit(mut self) -> Result<u64, StoreError> {
        let changes = Space::ALL.into_iter().flat_map(|space| {
            self.changes[space as usize].iter().map(move |(key, value)| (space, key, value))
        });
        let bytes = self.disk.commit(changes)?;
        let live = std::mem::take(&mut self.changes[Space::Live as usize]);
        for (key, change) in live.into_iter().filter(|(key, _)| keys::is_read_again(key)) {
            self.recent.note(key, change);
        }
        Ok(bytes)
    }

    fn change(&mut self, space: Space, key: Slice, change: Change) {
        let before = self.changes[space as usize].insert(key.clone(), change);
        self.replaced.push((space, key, before));
    }
}

/// The compact encoding of a value.
pub(super) fn encoded<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_stdvec(value).map_err(|cause| StoreError::Corrupt(cause.to_string()))
}

/// What [`encoded`] wrote.
pub(super) fn decoded<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    postcard::from_bytes(bytes).map_err(|cause| StoreError::Corrupt(cause.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::config;

    fn with_batch(test: impl FnOnce(Batch<'_>, &Disk)) {
        let directory = tempfile::tempdir().unwrap();
        let section = config::embedded::Embedded { path: directory.path().to_owned(), ..Default::default() };
        let disk = Disk::open(&section, &Clock::fixed(UnixMs(1))).unwrap();
        test(Batch::new(&disk, &mut Recent::new(16), UnixMs(1)), &disk);
    }

    fn keys(entries: &[KvPair]) -> Vec<&[u8]> {
        entries.iter().map(|(key, _)| &**key).collect()
    }

    #[test]
    fn a_failed_verb_leaves_nothing() {
        with_batch(|mut batch, disk| {
            batch.run(|batch| batch.put(Space::Live, b"a", b"1")).unwrap();
            let failed = batch.run(|batch| {
                batch.put(Space::Live, b"a", b"2")?;
                batch.put(Space::Live, b"a", b"3")?;
                batch.remove(Space::Live, b"a");
                batch.put(Space::Live, b"b", b"4")?;
                Err::<(), _>(StoreError::Corrupt(String::new()))
            });
            assert!(failed.is_err());
            assert_eq!(batch.get(Space::Live, b"a").unwrap().as_deref(), Some(b"1".as_slice()));
            batch.commit().unwrap();
            assert_eq!(disk.get(Space::Live, b"a").unwrap().as_deref(), Some(b"1".as_slice()));
            assert_eq!(disk.get(Space::Live, b"b").unwrap(), None);
        });
    }

    #[test]
    fn a_verb_sees_what_was_committed_and_what_came_before_it() {
        with_batch(|mut batch, disk| {
            for key in [b"a1", b"a2", b"b1"] {
                batch.run(|batch| batch.put(Space::Live, key, b"")).unwrap();
            }
            batch.commit().unwrap();
            // Nothing is at hand, so that the disk is asked.
            let mut recent = Recent::new(16);
            let mut batch = Batch::new(disk, &mut recent, UnixMs(2));
            batch.remove(Space::Live, b"a1");
            batch.put(Space::Live, b"a3", b"").unwrap();
            batch.put(Space::Kept, b"a4", b"").unwrap();
            assert_eq!(keys(&batch.under(Space::Live, b"a").unwrap()), [b"a2", b"a3"]);
            assert_eq!(keys(&disk.page(Space::Live, b"a", &[], 9).unwrap()), [b"a1", b"a2"]);
        });
    }
}
