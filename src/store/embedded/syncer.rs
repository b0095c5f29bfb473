//! The syncer: one thread that forces the journal to disk, and then answers those who wait for that.
//!
//! The writer goes on meanwhile: a disk that takes its time holds up careful writes, and no rotation.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::herald::Herald;
use super::writer::Job;
use crate::store::StoreError;

/// Commits that may wait for the disk; with more the writer waits too, so that callers are refused in the end.
const COMMITS: usize = 1_024;

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
    herald: Herald,
    /// How long what nobody waits for may wait.
    patience: Duration,
}

impl Syncer {
    /// Starts the thread: it calls `force` when somebody waits, or `patience` after the first commit for which nobody does.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the system has no thread.
    pub(super) fn spawn(
        patience: Duration,
        failure: &Failure,
        herald: Herald,
        force: impl FnMut() -> io::Result<()> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (sender, due) = sync_channel(COMMITS);
        let asked = Arc::new(AtomicBool::new(false));
        let forcing =
            Forcing { due, asked: Arc::clone(&asked), failure: failure.clone(), force, herald, patience };
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
            self.herald.tell(waiting, forced);
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
        self.failure.check()?;
        (self.force)()
            .map_err(|cause| StoreError::Unknown(self.failure.note("force its journal out", &cause)))
    }
}
