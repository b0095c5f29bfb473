//! The writer: one thread that runs what is queued, commits once, and answers.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::batch::Batch;
use super::disk::Disk;
use super::recent::Recent;
use super::runway::Runway;
use super::sweep::Sweep;
use crate::clock::Clock;
use crate::config;
use crate::store::StoreError;

/// How many keys written lately are kept at hand, at least; about 150 bytes each.
const RECENT: usize = 32_768;

/// The way to the writer. Bounded: a store that falls behind refuses instead of remembering.
pub(super) struct Queue {
    /// Absent once closed; the writer ends when it has run what was queued before.
    sender: RwLock<Option<SyncSender<Box<dyn Job>>>>,
}

impl Queue {
    pub(super) async fn ask<T, V>(&self, verb: V) -> Result<T, StoreError>
    where
        V: FnOnce(&mut Batch<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.send(Box::new(Asked { verb: Some(verb), outcome: None, reply }))?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Unknown("the writer ended".to_owned())))
    }

    pub(super) fn close(&self) {
        self.sender.write().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn send(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let sender = self.sender.read().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = sender.as_ref() else { return Err(closed()) };
        sender.try_send(job).map_err(|refused| match refused {
            TrySendError::Disconnected(_) => closed(),
            TrySendError::Full(_) => StoreError::Unavailable("too many writes are waiting".to_owned()),
        })
    }
}

/// What a closed store answers.
pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

/// Starts the writer.
pub(super) fn spawn(
    section: &config::embedded::Embedded,
    disk: Arc<Disk>,
    clock: Clock,
) -> Result<(Queue, JoinHandle<()>), StoreError> {
    let (sender, jobs) = sync_channel(section.queue_writes.max(1));
    let writer = Writer {
        commit_writes: section.commit_writes.max(1),
        clock,
        disk,
        failed: None,
        jobs,
        recent: Recent::new(RECENT),
        runway: section.fsync.then(|| Runway::new(&section.path)),
        written: 0,
        sweep: Sweep::new(section),
        sweep_interval: Duration::from_millis(section.sweep_interval_ms.max(1)),
    };
    let thread = std::thread::Builder::new()
        .name("jeton:store".to_owned())
        .spawn(move || writer.run())
        .map_err(|cause| StoreError::Unavailable(format!("no thread for the writer: {cause}")))?;
    Ok((Queue { sender: RwLock::new(Some(sender)) }, thread))
}

/// A queued verb whose type is known only to whoever queued it.
trait Job: Send {
    fn run(&mut self, batch: &mut Batch<'_>);
    fn answer(self: Box<Self>, committed: &Result<(), StoreError>);
}

struct Asked<V, T> {
    verb: Option<V>,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<V, T> Job for Asked<V, T>
where
    V: FnOnce(&mut Batch<'_>) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn run(&mut self, batch: &mut Batch<'_>) {
        self.outcome = self.verb.take().map(|verb| batch.run(verb));
    }

    fn answer(self: Box<Self>, committed: &Result<(), StoreError>) {
        let outcome = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(closed()),
            (Err(failure), _) => Err(failure.clone()),
        };
        // Whoever asked may have stopped waiting; what was written stands.
        let _heard = self.reply.send(outcome);
    }
}

struct Writer {
    commit_writes: usize,
    clock: Clock,
    disk: Arc<Disk>,
    /// Why a commit failed. Nobody can tell what of it reached the disk, so nothing is written or answered
    /// from here on until the process has started again and read its journal.
    failed: Option<String>,
    jobs: Receiver<Box<dyn Job>>,
    recent: Recent,
    /// Of use only to those who wait for the disk.
    runway: Option<Runway>,
    /// Bytes of the journal that were written since the runway was last looked at, about.
    written: u64,
    sweep: Sweep,
    sweep_interval: Duration,
}

impl Writer {
    fn run(mut self) {
        let mut sweep_at = Instant::now() + self.sweep_interval;
        self.advance();
        loop {
            let wait = sweep_at.saturating_duration_since(Instant::now());
            let queued = match self.take(wait) {
                Ok(queued) => queued,
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => Vec::new(),
            };
            if !queued.is_empty() {
                self.group_commit(queued);
            }
            self.advance();
            if Instant::now() >= sweep_at {
                let more = self.swept();
                // A backlog is worked off between commits instead of waiting for the next round.
                sweep_at = Instant::now() + if more { Duration::ZERO } else { self.sweep_interval };
            }
        }
        if let Err(cause) = self.disk.persist() {
            tracing::error!(%cause, "the store could not force its journal out while closing");
        }
    }

    /// Lays room for the next commits, once those who waited for the last one have their answers.
    fn advance(&mut self) {
        let written = std::mem::take(&mut self.written);
        if let Some(runway) = &mut self.runway {
            runway.advance(written);
        }
    }

    /// Waits for a verb, then takes all others that are already there.
    fn take(&self, wait: Duration) -> Result<Vec<Box<dyn Job>>, RecvTimeoutError> {
        let mut queued = vec![self.jobs.recv_timeout(wait)?];
        // On a busy machine others are about to ask too; a commit costs the same for all of them.
        std::thread::yield_now();
        queued.extend(self.jobs.try_iter().take(self.commit_writes - 1));
        Ok(queued)
    }

    fn group_commit(&mut self, mut queued: Vec<Box<dyn Job>>) {
        let committed = self.commit(|batch| {
            for job in &mut queued {
                job.run(batch);
            }
        });
        for job in queued {
            job.answer(&committed);
        }
    }

    fn swept(&mut self) -> bool {
        let mut sweep = std::mem::take(&mut self.sweep);
        let mut more = false;
        // A failed commit shows in `failed`; what was not removed now is met again later.
        let _committed = self.commit(|batch| {
            more = batch.run(|batch| sweep.round(batch)).unwrap_or_else(|cause| {
                tracing::error!(%cause, "the store could not remove what has expired");
                false
            });
        });
        self.sweep = sweep;
        more
    }

    fn commit(&mut self, fill: impl FnOnce(&mut Batch<'_>)) -> Result<(), StoreError> {
        if let Some(cause) = &self.failed {
            return Err(StoreError::Unavailable(format!("an earlier write failed: {cause}")));
        }
        let mut batch = Batch::new(&self.disk, &mut self.recent, self.clock.now());
        fill(&mut batch);
        let committed = batch.commit().inspect_err(|cause| {
            tracing::error!(%cause, "the store could not commit and refuses everything until it is opened again");
            self.failed = Some(cause.to_string());
        });
        committed.map(|bytes| self.written += bytes)
    }
}
