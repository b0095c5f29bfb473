//! The embedded store: one directory, one writer thread, group commit.
//!
//! A write is a closure over a `batch::Batch`. Callers queue them; the writer takes what is queued, runs all of it against one
//! batch and commits once. What must not be lost is answered after `fdatasync`, by the `syncer`; a rotation, which heals,
//! once the operating system has it. Reads go to the tables directly and see exactly what has been committed.
//!
//! What perishes carries its expiry in its value, so that an expired thing is absent at once. It is removed later: by the
//! `sweep` where more ends with it, otherwise (`decay`) when tables are merged.

use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arc_swap::ArcSwapOption;
use async_trait::async_trait;

use crate::clock::Clock;
use crate::config;
use crate::store::{Health, StoreError};

mod audit_log;
mod batch;
mod change_feed;
mod counters;
mod decay;
mod disk;
mod failure;
mod families;
mod herald;
mod identifiers;
mod jobs;
mod journal;
mod keys;
mod memberships;
mod memtables;
mod recent;
mod records;
mod runway;
mod sessions;
mod sketch;
mod spends;
mod statistics;
mod sweep;
mod syncer;
mod terms;
mod writer;

use batch::Batch;
use change_feed::Feed;
use disk::{Disk, Space};
use writer::Queue;

/// The store inside the process. Dropping it finishes what is queued.
pub struct Embedded {
    clock: Clock,
    /// Absent once closed, so that the directory's lock is given up.
    disk: ArcSwapOption<Disk>,
    feed: Feed,
    /// For how many days a tenant's counts are kept.
    stats_days: u32,
    queue: Queue,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// How many entries are stored, indexes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entries {
    /// Of documents, unique names and memberships.
    pub kept: usize,
    /// Of what perishes.
    pub live: usize,
    /// Of log events.
    pub log: usize,
}

impl Embedded {
    /// Opens the store in the section's directory, making it when there is none. What expires without a
    /// caller's `now` does so by `clock`. On a runtime it answers those of one commit from there, with fewer changes of thread.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the directory cannot be used: another process has it open, or the
    /// operating system refuses.
    pub fn open(section: &config::embedded::Embedded, clock: Clock) -> Result<Arc<Self>, StoreError> {
        let disk = Arc::new(Disk::open(section, &clock)?);
        let (queue, writer) = writer::spawn(section, Arc::clone(&disk), clock.clone())?;
        Ok(Arc::new(Self {
            clock,
            disk: ArcSwapOption::new(Some(disk)),
            feed: Feed::new(section.feed_entries),
            stats_days: section.stats_days,
            queue,
            writer: Mutex::new(Some(writer)),
        }))
    }

    /// Counts what is stored, by walking over it; for tests and for operators, not for requests.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn entries(&self) -> Result<Entries, StoreError> {
        let disk = self.disk()?;
        let count =
            |space| disk.between(space, Bound::Included(&[]), &[u8::MAX], usize::MAX).map(|all| all.len());
        Ok(Entries { kept: count(Space::Kept)?, live: count(Space::Live)?, log: count(Space::Log)? })
    }

    /// Runs `verb` in the writer; answers when what it wrote is on disk. *Careful* class.
    async fn write<T, V>(&self, verb: V) -> Result<T, StoreError>
    where
        V: FnOnce(&mut Batch<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.queue.ask(true, verb).await
    }

    /// Runs `verb` in the writer; answers when what it wrote outlives this process, and is on disk soon. *Rotation* class.
    async fn write_soon<T, V>(&self, verb: V) -> Result<T, StoreError>
    where
        V: FnOnce(&mut Batch<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        self.queue.ask(false, verb).await
    }

    /// The tables, for reading. A point look-up or a page of them is short enough for the caller's own task:
    /// handing it to another thread would cost more.
    fn disk(&self) -> Result<Arc<Disk>, StoreError> {
        self.disk.load_full().ok_or_else(writer::closed)
    }

    fn writer_thread(&self) -> Option<JoinHandle<()>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[async_trait]
impl Health for Embedded {
    async fn ping(&self) -> Result<(), StoreError> {
        self.disk()?;
        self.write(|_| Ok(())).await
    }

    async fn close(&self) {
        self.disk.store(None);
        self.queue.close();
        let Some(writer) = self.writer_thread() else { return };
        // The writer's last commit blocks; a panic in it was reported to whoever waited.
        let _ended = tokio::task::spawn_blocking(move || writer.join()).await;
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(writer) = self.writer_thread() {
            let _ended = writer.join();
        }
    }
}
