//! The writer: one thread that runs what is queued, commits once, and answers, or has the syncer answer.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::batch::Batch;
use super::disk::Disk;
use super::failure::Failure;
use super::herald::Herald;
use super::journal::Newest;
use super::memtables::Memtables;
use super::recent::Recent;
use super::runway::Runway;
use super::sweep::Sweep;
use super::syncer::Syncer;
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
    /// What `verb` answers, once it is committed and, if careful, on disk.
    pub(super) async fn ask<T, V>(&self, careful: bool, verb: V) -> Result<T, StoreError>
    where
        V: FnOnce(&mut Batch<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.send(Box::new(Asked { careful, verb: Some(verb), outcome: None, reply }))?;
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
    let mut journal = Newest::new(&section.path);
    spawn_over(section, disk, clock, move || journal.force())
}

fn spawn_over(
    section: &config::embedded::Embedded,
    disk: Arc<Disk>,
    clock: Clock,
    force: impl FnMut() -> io::Result<()> + Send + 'static,
) -> Result<(Queue, JoinHandle<()>), StoreError> {
    let (sender, jobs) = sync_channel(section.queue_writes.max(1));
    let failure = Failure::default();
    let patience = Duration::from_millis(section.rotations_fsync_ms);
    let herald = Herald::spawn();
    let syncer =
        section.fsync.then(|| Syncer::spawn(patience, &failure, herald.clone(), force)).transpose()?;
    let writer = Writer {
        all_careful: section.rotations_fsync_ms == 0,
        commit_writes: section.commit_writes.max(1),
        commit_interval: Duration::from_micros(section.commit_interval_us),
        clock,
        disk,
        failure,
        herald,
        jobs,
        memtables: Memtables::spawn(section.memtable_bytes, section.compaction_niceness)?,
        recent: Recent::new(RECENT),
        runway: section.fsync.then(|| Runway::new(&section.path)),
        written: 0,
        sweep: Sweep::new(section),
        sweep_interval: Duration::from_millis(section.sweep_interval_ms.max(1)),
        syncer,
    };
    let thread = thread::Builder::new()
        .name("jeton:store".to_owned())
        .spawn(move || writer.run())
        .map_err(|cause| StoreError::Unavailable(format!("no thread for the writer: {cause}")))?;
    Ok((Queue { sender: RwLock::new(Some(sender)) }, thread))
}

/// A queued verb; only whoever queued it knows its type.
pub(super) trait Job: Send {
    /// Whether the answer waits until what was written is on disk.
    fn is_careful(&self) -> bool;
    fn run(&mut self, batch: &mut Batch<'_>);
    fn answer(self: Box<Self>, committed: &Result<(), StoreError>);
}

struct Asked<V, T> {
    careful: bool,
    verb: Option<V>,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<V, T> Job for Asked<V, T>
where
    V: FnOnce(&mut Batch<'_>) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn is_careful(&self) -> bool {
        self.careful
    }

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
    /// Whether rotations wait for the disk too.
    all_careful: bool,
    commit_writes: usize,
    commit_interval: Duration,
    clock: Clock,
    disk: Arc<Disk>,
    failure: Failure,
    herald: Herald,
    jobs: Receiver<Box<dyn Job>>,
    memtables: Memtables,
    recent: Recent,
    /// Of use only to those who wait for the disk.
    runway: Option<Runway>,
    /// Bytes of the journal that were written since the runway was last looked at, about.
    written: u64,
    sweep: Sweep,
    sweep_interval: Duration,
    /// Absent where nobody waits for the disk.
    syncer: Option<Syncer>,
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
            let pause = self.pause_after(queued.len());
            let begun = Instant::now();
            if !queued.is_empty() {
                self.group_commit(queued);
            }
            self.advance();
            if let Some(rest) = pause.checked_sub(begun.elapsed()) {
                thread::sleep(rest);
            }
            if Instant::now() >= sweep_at {
                let more = self.swept();
                // A backlog is worked off between commits instead of waiting for the next round.
                sweep_at = Instant::now() + if more { Duration::ZERO } else { self.sweep_interval };
            }
        }
        if let Some(syncer) = self.syncer.take() {
            syncer.finish();
        }
        if let Err(cause) = self.disk.persist() {
            tracing::error!(%cause, "the store could not force its journal out while closing");
        }
    }

    /// Prepares for the next commits, once those who waited for the last one have their answers.
    fn advance(&mut self) {
        let written = std::mem::take(&mut self.written);
        if let Some(runway) = &mut self.runway {
            runway.advance(written);
        }
        self.memtables.advance(&self.disk, written);
    }

    /// Waits for a verb, then takes all others that are already there.
    fn take(&self, wait: Duration) -> Result<Vec<Box<dyn Job>>, RecvTimeoutError> {
        let mut queued = vec![self.jobs.recv_timeout(wait)?];
        // On a busy machine others are about to ask too; a commit costs the same for all of them.
        thread::yield_now();
        queued.extend(self.jobs.try_iter().take(self.commit_writes - 1));
        Ok(queued)
    }

    /// How long from the begin of a commit of `writes` to the next one.
    ///
    /// Where several came at once others are about to. Each commit costs two changes of thread and a wake-up, whether it is
    /// for one or for ten. Whoever comes alone is not held up, nor is a queue that is longer than a commit.
    fn pause_after(&self, writes: usize) -> Duration {
        if writes > 1 && writes < self.commit_writes { self.commit_interval } else { Duration::ZERO }
    }

    fn group_commit(&mut self, mut queued: Vec<Box<dyn Job>>) {
        let committed = self.commit(|batch| {
            for job in &mut queued {
                job.run(batch);
            }
        });
        let mut waiting = Vec::new();
        if committed.is_ok() && self.syncer.is_some() {
            (waiting, queued) = queued.into_iter().partition(|job| self.all_careful || job.is_careful());
        }
        self.herald.tell(queued, committed.clone());
        if let (Ok(()), Some(syncer)) = (committed, &self.syncer) {
            syncer.owe(waiting);
        }
    }

    fn swept(&mut self) -> bool {
        let mut sweep = std::mem::take(&mut self.sweep);
        let mut more = false;
        // A failed commit shows in `failure`; what was not removed now is met again later.
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
        self.failure.check()?;
        let mut batch = Batch::new(&self.disk, &mut self.recent, self.clock.now());
        fill(&mut batch);
        let bytes = batch.commit().inspect_err(|cause| drop(self.failure.note("commit", cause)))?;
        self.written += bytes;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;
    use crate::clock::UnixMs;
    use crate::config::embedded::Embedded as Section;
    use crate::store::embedded::disk::Space;

    /// A writer over a disk that is done with forcing when the test says so, and how that went.
    struct SlowDisk {
        _folder: tempfile::TempDir,
        queue: Arc<Queue>,
        writer: JoinHandle<()>,
        done: Sender<io::Result<()>>,
    }

    impl SlowDisk {
        fn new(rotations_fsync_ms: u64) -> Self {
            Self::with(&Section { rotations_fsync_ms, ..Section::default() })
        }

        fn with(section: &Section) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let section = Section { path: folder.path().to_owned(), ..section.clone() };
            let clock = Clock::fixed(UnixMs(1));
            let disk = Arc::new(Disk::open(&section, &clock).unwrap());
            let (done, told) = channel();
            let force = move || told.recv().unwrap_or(Ok(()));
            let (queue, writer) = spawn_over(&section, disk, clock, force).unwrap();
            Self { _folder: folder, queue: Arc::new(queue), writer, done }
        }

        fn put(&self, careful: bool, key: u8) -> tokio::task::JoinHandle<Result<(), StoreError>> {
            let queue = Arc::clone(&self.queue);
            let verb = move |batch: &mut Batch<'_>| batch.put(Space::Live, [key], *b"value");
            tokio::spawn(async move { queue.ask(careful, verb).await })
        }

        /// From here on it is done at once.
        fn close(self) {
            self.queue.close();
            drop(self.done);
            self.writer.join().unwrap();
        }
    }

    #[tokio::test]
    async fn what_is_careful_waits_for_the_disk_and_a_rotation_does_not() {
        let slow = SlowDisk::new(10);
        let careful = slow.put(true, 1);
        for key in 2..100 {
            slow.put(false, key).await.unwrap().unwrap();
        }
        assert!(!careful.is_finished());
        slow.done.send(Ok(())).unwrap();
        careful.await.unwrap().unwrap();
        slow.close();
    }

    #[tokio::test]
    async fn rotations_wait_too_where_that_is_wanted() {
        let slow = SlowDisk::new(0);
        let rotation = slow.put(false, 1);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!rotation.is_finished());
        slow.done.send(Ok(())).unwrap();
        rotation.await.unwrap().unwrap();
        slow.close();
    }

    #[tokio::test]
    async fn nothing_is_answered_after_the_disk_failed() {
        let slow = SlowDisk::new(10);
        // Nobody waits for this one; the disk is asked all the same, and whoever comes next learns what it said.
        slow.put(false, 1).await.unwrap().unwrap();
        slow.done.send(Err(io::Error::other("gone"))).unwrap();
        let told = loop {
            if let Err(error) = slow.put(false, 2).await.unwrap() {
                break error;
            }
        };
        assert!(matches!(&told, StoreError::Unavailable(why) if why.contains("gone")), "{told}");
        assert!(slow.put(true, 3).await.unwrap().is_err());
        slow.close();
    }

    #[tokio::test]
    async fn whoever_comes_alone_does_not_wait_for_others() {
        let hour = Section { commit_interval_us: 3_600_000_000, ..Section::default() };
        let slow = SlowDisk::with(&hour);
        for key in 1..100 {
            let put = slow.put(false, key);
            tokio::time::timeout(Duration::from_mins(1), put).await.unwrap().unwrap().unwrap();
        }
        slow.close();
    }

    #[tokio::test]
    async fn whoever_comes_after_a_shared_commit_waits_for_others() {
        let slow = SlowDisk::with(&Section { commit_interval_us: 500_000, ..Section::default() });
        let (go, gone) = channel::<()>();
        let queue = Arc::clone(&slow.queue);
        let busy = tokio::spawn(async move { queue.ask(false, move |_| Ok(gone.recv().is_ok())).await });
        let shared = [slow.put(false, 101), slow.put(false, 102)];
        tokio::task::yield_now().await;
        go.send(()).unwrap();
        for asked in shared {
            asked.await.unwrap().unwrap();
        }
        assert!(busy.await.unwrap().unwrap());
        let next = slow.put(false, 103);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!next.is_finished());
        next.await.unwrap().unwrap();
        slow.close();
    }

    #[tokio::test]
    async fn closing_waits_for_the_disk_and_answers_everybody() {
        let slow = SlowDisk::new(10);
        let careful: Vec<_> = (1..20).map(|key| slow.put(true, key)).collect();
        while slow.queue.ask(false, |batch| batch.get(Space::Live, &[19])).await.unwrap().is_none() {}
        slow.close();
        for asked in careful {
            asked.await.unwrap().unwrap();
        }
    }
}
