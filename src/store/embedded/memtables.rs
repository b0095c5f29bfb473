//! Memtables are freed by a thread of their own.
//!
//! Freeing one takes ten to twenty-five milliseconds, entry by entry. The database does it as soon as a memtable is in a table,
//! while it lets nobody read or write; unless somebody else holds the memtable too. That is done here.

use std::any::Any;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use super::disk::Disk;
use crate::niceness;
use crate::store::StoreError;

/// How often those that are held are looked at, while there are any.
const PATIENCE: Duration = Duration::from_millis(500);

/// Whatever a memtable is: it is only held.
pub(super) type Memtable = Arc<dyn Any + Send + Sync>;

/// The writer's side.
pub(super) struct Memtables {
    holder: Sender<Memtable>,
    /// Of each space, what took writes when it was looked at last: held here until something else does.
    newest: Vec<Memtable>,
    /// After how many bytes of writes to look again.
    every: u64,
    written: u64,
}

impl Memtables {
    /// Starts the thread, for memtables of so many bytes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the system has no thread.
    pub(super) fn spawn(memtable_bytes: u64, niceness: u8) -> Result<Self, StoreError> {
        let (holder, held) = channel();
        thread::Builder::new()
            .name("jeton:free".to_owned())
            .spawn(move || {
                niceness::lower(niceness);
                hold(&held);
            })
            .map_err(|cause| StoreError::Unavailable(format!("no thread that frees memory: {cause}")))?;
        Ok(Self { holder, newest: Vec::new(), every: memtable_bytes / 8, written: 0 })
    }

    /// After a commit of about so many bytes: has each memtable held before the database can be through with it.
    pub(super) fn advance(&mut self, disk: &Disk, bytes: u64) {
        self.written += bytes;
        if self.written < self.every && !self.newest.is_empty() {
            return;
        }
        self.written = 0;
        let newest = disk.memtables();
        for memtable in std::mem::replace(&mut self.newest, newest) {
            if !self.newest.iter().any(|newest| Arc::ptr_eq(newest, &memtable)) {
                // The thread ends only after this does.
                let _sent = self.holder.send(memtable);
            }
        }
    }
}

/// Holds what comes until nobody else does, and frees it then; at the end it does not wait for that.
fn hold(memtables: &Receiver<Memtable>) {
    let mut held = Vec::new();
    loop {
        let next = if held.is_empty() {
            memtables.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            memtables.recv_timeout(PATIENCE)
        };
        match next {
            Ok(memtable) => held.push(memtable),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        held.retain(|memtable| Arc::strong_count(memtable) > 1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::Sender;

    use super::*;
    use crate::clock::{Clock, UnixMs};
    use crate::config::embedded::Embedded as Section;
    use crate::store::embedded::batch::Batch;
    use crate::store::embedded::disk::Space;
    use crate::store::embedded::recent::Recent;

    /// Says which thread frees it.
    struct Told(Sender<Option<String>>);

    impl Drop for Told {
        fn drop(&mut self) {
            self.0.send(thread::current().name().map(str::to_owned)).unwrap();
        }
    }

    #[test]
    fn what_everybody_else_let_go_is_freed_by_the_thread() {
        let memtables = Memtables::spawn(1 << 20, 0).unwrap();
        let (freed, by) = channel();
        let memtable: Memtable = Arc::new(Told(freed));
        memtables.holder.send(Arc::clone(&memtable)).unwrap();
        assert!(by.recv_timeout(2 * PATIENCE).is_err(), "the database still has it");
        drop(memtable);
        assert_eq!(by.recv_timeout(20 * PATIENCE).unwrap().unwrap(), "jeton:free");
    }

    fn fill_and_empty(disk: &Disk) {
        let mut recent = Recent::new(16);
        let mut batch = Batch::new(disk, &mut recent, UnixMs(1));
        batch.put(Space::Live, *b"key", *b"value").unwrap();
        batch.commit().unwrap();
        disk.merge(Space::Live).unwrap();
    }

    #[test]
    fn the_database_is_through_with_a_memtable_before_it_is_freed() {
        let folder = tempfile::tempdir().unwrap();
        let section = Section { path: folder.path().to_owned(), ..Section::default() };
        let disk = Disk::open(&section, &Clock::System).unwrap();
        let (holder, held) = channel();
        let mut memtables = Memtables { holder, newest: Vec::new(), every: 1 << 20, written: 0 };
        memtables.advance(&disk, 0);
        assert_eq!(memtables.newest.len(), Space::ALL.len());
        fill_and_empty(&disk);
        memtables.advance(&disk, (1 << 20) - 1);
        assert_eq!(held.try_iter().count(), 0, "not looked at before so much is written");
        memtables.advance(&disk, 1);
        let emptied: Vec<Memtable> = held.try_iter().collect();
        assert_eq!(emptied.len(), 1, "the one whose place another took");
        fill_and_empty(&disk);
        let alone = emptied.iter().filter(|memtable| Arc::strong_count(memtable) == 1).count();
        assert_eq!(alone, 1, "the database held on to what it had emptied");
    }
}
