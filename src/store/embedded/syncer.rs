//! The syncer: one thread that forces the journal to disk, and then answers those who wait for that.
//!
//! The writer goes on meanwhile: a disk that takes its time holds up careful writes, and no rotation. It forces the
//! journal's file itself, because the database lets nobody write while it does.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::writer::Job;
use crate::store::StoreError;

/// Commits that may wait for the disk; with more the writer waits too, so that callers are refused in the end.
const COMMITS: usize = 1_024;

/// Why nothing is written or answered any more. Nobody can tell what of a failed write reached the disk, until the process
/// has started again and read its journal.
pub(super) type Failure = Arc<OnceLock<String>>;

/// The writer's side.
pub(super) struct Syncer {
    due: SyncSender<Due>,
    /// Whether something was written that no forcing was asked for yet.
    asked: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// What was written, and is in the hands of the operating system.
enum Due {
    /// Somebody waits until it is on disk.
    Answers(Vec<Box<dyn Job>>),
    /// Nobody does.
    Written,
}

/// The thread's side.
struct Forcing<F> {
    due: Receiver<Due>,
    asked: Arc<AtomicBool>,
    failure: Failure,
    force: F,
    /// How long what nobody waits for may wait.
    patience: Duration,
}

/// The journal on disk.
pub(super) struct Journal {
    folder: PathBuf,
    open: Option<(u64, File)>,
}

impl Syncer {
    /// Starts the thread: it calls `force` when somebody waits, or `patience` after the first commit for which nobody does.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the system has no thread.
    pub(super) fn spawn(
        patience: Duration,
        failure: &Failure,
        force: impl FnMut() -> io::Result<()> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (sender, due) = sync_channel(COMMITS);
        let asked = Arc::new(AtomicBool::new(false));
        let forcing =
            Forcing { due, asked: Arc::clone(&asked), failure: Arc::clone(failure), force, patience };
        let thread = std::thread::Builder::new()
            .name("jeton:sync".to_owned())
            .spawn(move || forcing.run())
            .map_err(|cause| StoreError::Unavailable(format!("no thread for the disk: {cause}")))?;
        Ok(Self { due: sender, asked, thread })
    }

    /// After a commit: `waiting` are answered once it is on disk.
    pub(super) fn owe(&self, waiting: Vec<Box<dyn Job>>) {
        let due = if !waiting.is_empty() {
            Due::Answers(waiting)
        } else if self.asked.swap(true, Ordering::AcqRel) {
            return;
        } else {
            Due::Written
        };
        // It goes on for as long as there is somebody to send; a panic in it was reported.
        let _sent = self.due.send(due);
    }

    /// Returns when everything is on disk and everybody has their answer.
    pub(super) fn finish(self) {
        drop(self.due);
        let _ended = self.thread.join();
    }
}

impl<F: FnMut() -> io::Result<()>> Forcing<F> {
    fn run(mut self) {
        while let Ok(due) = self.due.recv() {
            let waiting = self.gather(due);
            // From here on a commit may come too late for this time.
            self.asked.store(false, Ordering::Release);
            let forced = self.forced();
            for job in waiting {
                job.answer(&forced);
            }
        }
    }

    /// Those who wait, at once if there are any; otherwise whoever comes before patience ends.
    fn gather(&self, mut due: Due) -> Vec<Box<dyn Job>> {
        let until = Instant::now() + self.patience;
        let mut waiting = loop {
            due = match due {
                Due::Answers(jobs) => break jobs,
                Due::Written => {
                    match self.due.recv_timeout(until.saturating_duration_since(Instant::now())) {
                        Ok(next) => next,
                        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break Vec::new(),
                    }
                }
            };
        };
        for more in self.due.try_iter() {
            if let Due::Answers(jobs) = more {
                waiting.extend(jobs);
            }
        }
        waiting
    }

    fn forced(&mut self) -> Result<(), StoreError> {
        if let Some(cause) = self.failure.get() {
            return Err(StoreError::Unavailable(format!("an earlier write failed: {cause}")));
        }
        (self.force)().map_err(|cause| {
            tracing::error!(%cause, "the store could not force its journal out and refuses everything until it is opened again");
            StoreError::Unknown(self.failure.get_or_init(|| cause.to_string()).clone())
        })
    }
}

impl Journal {
    /// Of the database in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), open: None }
    }

    /// Forces out what is written of it; the database forced the journals before it when it left them.
    ///
    /// # Errors
    /// As `fdatasync`, and when there is no journal.
    pub(super) fn force(&mut self) -> io::Result<()> {
        let (id, path) = newest(&self.folder)?.ok_or(io::ErrorKind::NotFound)?;
        let journal = match self.open.take().filter(|(open, _)| *open == id) {
            Some(journal) => journal,
            None => (id, File::open(path)?),
        };
        journal.1.sync_data()?;
        self.open = Some(journal);
        Ok(())
    }
}

/// The journal with the highest number; older ones are not written any more.
pub(super) fn newest(folder: &Path) -> io::Result<Option<(u64, PathBuf)>> {
    let mut newest = None;
    for entry in folder.read_dir()? {
        let path = entry?.path();
        let number =
            path.file_name().and_then(|name| name.to_str()?.strip_suffix(".jnl")?.parse::<u64>().ok());
        newest = newest.max(number.map(|number| (number, path)));
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, UnixMs};
    use crate::config::embedded::Embedded as Section;
    use crate::store::embedded::batch::Batch;
    use crate::store::embedded::disk::{Disk, Space};
    use crate::store::embedded::recent::Recent;

    #[test]
    fn a_journal_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::new(folder.path());
        assert_eq!(journal.force().unwrap_err().kind(), io::ErrorKind::NotFound);
        std::fs::write(folder.path().join("7.jnl"), b"").unwrap();
        journal.force().unwrap();
        assert!(matches!(journal.open, Some((7, _))));
        std::fs::write(folder.path().join("12.jnl"), b"").unwrap();
        journal.force().unwrap();
        assert!(matches!(journal.open, Some((12, _))), "the one that is written now");
    }

    /// The database keeps its journals where this looks for them.
    #[test]
    fn what_is_committed_is_in_the_newest_journal() {
        let folder = tempfile::tempdir().unwrap();
        let section = Section { path: folder.path().to_owned(), ..Section::default() };
        let disk = Disk::open(&section, &Clock::fixed(UnixMs(1))).unwrap();
        let mut recent = Recent::new(1);
        let mut batch = Batch::new(&disk, &mut recent, UnixMs(1));
        batch.put(Space::Kept, *b"key", *b"a value to be found").unwrap();
        batch.commit().unwrap();
        let (_, path) = newest(folder.path()).unwrap().unwrap();
        let journal = std::fs::read(path).unwrap();
        assert!(journal.windows(19).any(|bytes| bytes == b"a value to be found"));
    }
}
