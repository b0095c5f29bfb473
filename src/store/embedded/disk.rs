//! The tables on disk, the journal before them, and what their errors mean.

use std::error::Error;
use std::io;
use std::ops::Bound;

use fjall::config::PinningPolicy;
use fjall::{AbstractTree as _, Database, Keyspace, KeyspaceCreateOptions, KvPair, PersistMode, Slice};

use super::batch::Change;
use super::decay;
use super::memtables::Memtable;
use crate::clock::Clock;
use crate::store::StoreError;
use crate::{config, niceness};

/// Data that lives and dies alike shares tables, so that merging the busy ones never rewrites the quiet ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// Documents, unique names, memberships: written seldom, kept for good.
    Kept,
    /// Sessions, families, single uses, and when each of them expires.
    Live,
    /// Log events.
    Log,
}

impl Space {
    pub(super) const ALL: [Self; 3] = [Self::Kept, Self::Live, Self::Log];

    /// The byte that names the space in a stored key; never change one.
    pub(super) const fn tag(self) -> u8 {
        match self {
            Self::Kept => b'k',
            Self::Live => b'l',
            Self::Log => b'a',
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Live => "live",
            Self::Log => "log",
        }
    }
}

/// The open database.
pub(super) struct Disk {
    database: Database,
    kept: Keyspace,
    live: Keyspace,
    log: Keyspace,
}

/// Longer keys do not fit the tables (which count their bytes in sixteen bits) and are never stored.
const KEY_BYTES: usize = 60_000;

/// What the journal says of each change beside its key and value, in bytes, at most.
const FRAME_BYTES: usize = 24;

/// The least journal that the database accepts.
const JOURNAL_BYTES: u64 = 64 << 20;

impl Disk {
    pub(super) fn open(section: &config::embedded::Embedded, clock: &Clock) -> Result<Self, StoreError> {
        let refused = |cause: &fjall::Error| {
            let path = section.path.display();
            StoreError::Unavailable(if matches!(cause, fjall::Error::Locked) {
                format!("another process has the store in {path} open")
            } else {
                format!("the store in {path} does not open: {cause}")
            })
        };
        let builder = Database::builder(&section.path)
            .cache_size(section.cache_bytes)
            .max_journaling_size(section.journal_bytes.max(JOURNAL_BYTES))
            .worker_threads(section.compaction_threads.max(1))
            .with_compaction_filter_factories(decay::filters(clock.clone()));
        // Emptying a memtable takes a core for fifty milliseconds, of which requests would get every other tick.
        let database = niceness::inherited(section.compaction_niceness, || builder.open())
            .map_err(fjall::Error::Io)
            .flatten()
            .map_err(|cause| refused(&cause))?;
        let keyspace = |space: Space| {
            let options = || tables(section.memtable_bytes);
            database.keyspace(space.name(), options).map_err(|cause| refused(&cause))
        };
        let (kept, live, log) = (keyspace(Space::Kept)?, keyspace(Space::Live)?, keyspace(Space::Log)?);
        Ok(Self { database, kept, live, log })
    }

    /// Of each space, what takes its writes just now.
    pub(super) fn memtables(&self) -> Vec<Memtable> {
        let newest = |space| -> Memtable { self.keyspace(space).tree.active_memtable() };
        Space::ALL.map(newest).into()
    }

    pub(super) fn get(&self, space: Space, key: &[u8]) -> Result<Option<Slice>, StoreError> {
        if key.len() > KEY_BYTES {
            return Ok(None);
        }
        self.keyspace(space).get(key).map_err(|cause| unreadable(&cause))
    }

    /// At most `take` entries whose keys start with `prefix` and come after `after`, in order of key.
    pub(super) fn page(
        &self,
        space: Space,
        prefix: &[u8],
        after: &[u8],
        take: usize,
    ) -> Result<Vec<KvPair>, StoreError> {
        let from = if after < prefix { Bound::Included(prefix) } else { Bound::Excluded(after) };
        self.between(space, from, &end_of(prefix), take)
    }

    /// At most `take` entries whose keys lie between `from` and `end` (which is not among them), in order of key.
    pub(super) fn between(
        &self,
        space: Space,
        from: Bound<&[u8]>,
        end: &[u8],
        take: usize,
    ) -> Result<Vec<KvPair>, StoreError> {
        let (Bound::Included(first) | Bound::Excluded(first)) = from else { return Ok(Vec::new()) };
        if first.len() > KEY_BYTES || first >= end {
            return Ok(Vec::new());
        }
        let range = self.keyspace(space).range::<&[u8], _>((from, Bound::Excluded(end)));
        range.take(take).map(|entry| entry.into_inner().map_err(|cause| unreadable(&cause))).collect()
    }

    /// As [`Disk::between`], from the end on and in reverse order of key.
    pub(super) fn between_back(
        &self,
        space: Space,
        from: &[u8],
        end: &[u8],
        take: usize,
    ) -> Result<Vec<KvPair>, StoreError> {
        if end.len() > KEY_BYTES || from >= end {
            return Ok(Vec::new());
        }
        let bounds = (Bound::Included(from), Bound::Excluded(end));
        let range = self.keyspace(space).range::<&[u8], _>(bounds).rev();
        range.take(take).map(|entry| entry.into_inner().map_err(|cause| unreadable(&cause))).collect()
    }

    /// At most `take` entries whose keys start with `prefix` and come before `before`, in reverse order of key.
    pub(super) fn page_back(
        &self,
        space: Space,
        prefix: &[u8],
        before: Option<&[u8]>,
        take: usize,
    ) -> Result<Vec<KvPair>, StoreError> {
        let end = end_of(prefix);
        let before = before.map_or(end.as_slice(), |before| before.min(end.as_slice()));
        self.between_back(space, prefix, before, take)
    }

    /// Makes the changes in one piece; afterwards readers see them, and the operating system has them: they are lost with
    /// the machine, not with the process. Returns how many bytes of the journal they take, about. An error is
    /// [`StoreError::Unknown`]: some of it may be in the journal.
    pub(super) fn commit<'a>(
        &self,
        changes: impl Iterator<Item = (Space, &'a Slice, &'a Change)>,
    ) -> Result<u64, StoreError> {
        let mut batch = self.database.batch().durability(Some(PersistMode::Buffer));
        let mut bytes = 0;
        for (space, key, value) in changes {
            bytes += FRAME_BYTES + key.len();
            match value {
                Change::Put(value) => {
                    bytes += value.len();
                    batch.insert(self.keyspace(space), key.clone(), value.clone());
                }
                Change::Remove => batch.remove(self.keyspace(space), key.clone()),
            }
        }
        batch.commit().map_err(|cause| StoreError::Unknown(cause.to_string()))?;
        Ok(bytes as u64)
    }

    /// Forces everything out.
    pub(super) fn persist(&self) -> Result<(), StoreError> {
        self.database.persist(PersistMode::SyncAll).map_err(|cause| StoreError::Unknown(cause.to_string()))
    }

    /// Merges all tables of a space into one level.
    #[cfg(test)]
    pub(super) fn merge(&self, space: Space) -> Result<(), StoreError> {
        let merged = self
            .keyspace(space)
            .rotate_memtable_and_wait()
            .and_then(|()| self.keyspace(space).major_compact());
        merged.map_err(|cause| unreadable(&cause))
    }

    const fn keyspace(&self, space: Space) -> &Keyspace {
        match space {
            Space::Kept => &self.kept,
            Space::Live => &self.live,
            Space::Log => &self.log,
        }
    }
}

/// How a kind of data is laid out. Filters and indices of the upper three levels (a few gigabytes) stay in memory, about
/// 15 bytes a key: read through the cache, the one filter of a table with a million keys would push out everything else.
/// Below, the database splits them into pieces of a block each.
fn tables(memtable_bytes: u64) -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
        .max_memtable_size(memtable_bytes)
        .filter_block_pinning_policy(PinningPolicy::all(true))
        .index_block_pinning_policy(PinningPolicy::all(true))
}

/// Refuses a key that does not fit, before anything was done.
pub(super) fn fitting(key: &[u8]) -> Result<(), StoreError> {
    if key.len() > KEY_BYTES {
        return Err(StoreError::Unavailable(format!("a name of {} bytes does not fit", key.len())));
    }
    Ok(())
}

/// The first key after all that start with `prefix`.
pub(super) fn end_of(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// A disk that does not answer is one thing, a table that makes no sense another.
fn unreadable(cause: &fjall::Error) -> StoreError {
    let mut met: Option<&(dyn Error + 'static)> = Some(cause);
    while let Some(error) = met {
        if error.is::<io::Error>() {
            return StoreError::Unavailable(cause.to_string());
        }
        met = error.source();
    }
    StoreError::Corrupt(cause.to_string())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::niceness::tests::of_threads;

    #[test]
    fn merging_steps_back() {
        let directory = tempfile::tempdir().unwrap();
        let section = config::embedded::Embedded {
            path: directory.path().to_owned(),
            compaction_niceness: 13,
            ..Default::default()
        };
        let _disk = Disk::open(&section, &Clock::System).unwrap();
        let nice = |(name, niceness): &(String, u8)| name.starts_with("fjall") && *niceness == 13;
        // A thread takes its name when it first runs.
        let begun = Instant::now();
        while !of_threads().iter().any(nice) {
            assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", of_threads());
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
