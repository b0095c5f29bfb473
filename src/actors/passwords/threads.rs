//! The threads that hashes are computed on. Some take only the time that nobody else wants; where tokens leave none, a hash
//! is computed once more by a thread that gets a share in any case.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};
use std::{io, thread};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::HashError;
use super::argon::Argon;
use super::gate::{Done, Slot, Work};
use super::turns::Share;
use crate::config::passwords::Passwords as Settings;
use crate::niceness;

/// What all hashes have in common.
pub(crate) struct Threads {
    argon: Arc<Argon>,
    /// Of threads that get a share in any case.
    niceness: u8,
    /// `None`: no hash tries to get by with spare time.
    spare: Option<Spare>,
    /// Hashes that did not get by with it, and still try. While there are any, no other does.
    starved: AtomicUsize,
    /// Milliseconds that a hash took of late.
    pace_ms: Arc<AtomicU64>,
}

/// Threads that take only spare time. They live on: one that has just begun is as any other until it has said that it
/// steps back, and a token that comes before waits for the kernel's next tick.
struct Spare {
    patience: Duration,
    attempts: mpsc::Sender<Attempt>,
}

/// A hash that is computed, by one thread or by two.
struct Run {
    work: Work,
    state: Mutex<State>,
}

struct State {
    /// Taken by the thread that is done first.
    asked: Option<Asked>,
    /// Whether another thread has begun it anew.
    overtaken: bool,
}

/// Who wants a hash, and what it holds until then.
pub(crate) struct Asked {
    pub(crate) reply: oneshot::Sender<Result<Done, HashError>>,
    pub(crate) _holds: (Slot, OwnedSemaphorePermit, Share),
}

/// One thread at one hash; dropping it unfinished, as a panic does, leaves whoever asked without an answer.
struct Attempt {
    threads: Arc<Threads>,
    run: Arc<Run>,
    is_spare: bool,
}

impl Threads {
    /// Threads for `count` hashes at once.
    pub(crate) fn new(settings: &Settings, count: usize, argon: Arc<Argon>, pace_ms: Arc<AtomicU64>) -> Self {
        let spare = match settings.spare_ms {
            0 => None,
            patience_ms => Spare::new(Duration::from_millis(patience_ms), count)
                .inspect_err(|error| tracing::warn!(%error, "hashes do without threads for spare time"))
                .ok(),
        };
        Self { argon, niceness: settings.niceness, spare, starved: AtomicUsize::new(0), pace_ms }
    }

    /// Computes `work` and tells who asked.
    pub(crate) fn start(self: &Arc<Self>, work: Work, asked: Asked) {
        let state = Mutex::new(State { asked: Some(asked), overtaken: false });
        let run = Arc::new(Run { work, state });
        match &self.spare {
            Some(spare) if self.starved.load(Ordering::Relaxed) == 0 => {
                let (threads, weak, patience) = (Arc::clone(self), Arc::downgrade(&run), spare.patience);
                tokio::spawn(async move {
                    tokio::time::sleep(patience).await;
                    if let Some(run) = weak.upgrade() {
                        threads.overtake(run);
                    }
                });
                // They end after the last sender only.
                let _ = spare.attempts.send(Attempt { threads: Arc::clone(self), run, is_spare: true });
            }
            _ => self.share(run),
        }
    }

    /// Begins `run` anew, unless it is done.
    fn overtake(self: &Arc<Self>, run: Arc<Run>) {
        {
            let mut state = run.state();
            if state.asked.is_none() {
                return;
            }
            state.overtaken = true;
            self.starved.fetch_add(1, Ordering::Relaxed);
        }
        self.share(run);
    }

    /// Computes `run` on a thread that gets a share.
    fn share(self: &Arc<Self>, run: Arc<Run>) {
        let (niceness, attempt) =
            (self.niceness, Attempt { threads: Arc::clone(self), run, is_spare: false });
        let spawned = thread::Builder::new().name("hash".to_owned()).spawn(move || {
            niceness::lower(niceness);
            attempt.make();
        });
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread could be started for a password hash");
        }
    }
}

impl Spare {
    fn new(patience: Duration, count: usize) -> io::Result<Self> {
        let (attempts, waiting) = mpsc::channel::<Attempt>();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..count {
            let waiting = Arc::clone(&waiting);
            thread::Builder::new().name("spare-hash".to_owned()).spawn(move || {
                niceness::lower(niceness::IDLE);
                let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
                while let Ok(attempt) = next() {
                    // Whoever asked learns of a panic by getting no answer.
                    let _ = catch_unwind(AssertUnwindSafe(|| attempt.make()));
                }
            })?;
        }
        Ok(Self { patience, attempts })
    }
}

impl Run {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    fn make(self) {
        let began = Instant::now();
        let done = self.run.work.compute(&self.threads.argon);
        let asked = self.run.state().asked.take();
        if let Some(asked) = asked {
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let pace = &self.threads.pace_ms;
            pace.store((pace.load(Ordering::Relaxed) * 7 + took).div_ceil(8), Ordering::Relaxed);
            let _ = asked.reply.send(done);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let (asked, overtaken) = {
            let mut state = self.run.state();
            (state.asked.take(), state.overtaken)
        };
        drop(asked);
        if self.is_spare && overtaken {
            self.threads.starved.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
