//! The gate: an actor that counts what is computed and what waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::argon::Argon;
use super::strength;
use super::threads::{Asked, Threads};
use super::turns::{Lane, Share, Turns};
use super::{HashError, Verdict};
use crate::actors::post::Post;
use crate::telemetry::metrics::Metrics;

/// The handler.
#[derive(Clone)]
pub(crate) struct Gate;

/// What the gate is told.
pub(crate) enum GateMsg {
    /// Somebody wants a hash.
    Job(Job),
    /// A thread is free.
    Free,
}

/// A hash to be computed and who wants it.
pub(crate) struct Job {
    pub(crate) work: Work,
    /// Whose it is.
    pub(crate) lane: Lane,
    pub(crate) task: Arc<Task>,
    pub(crate) reply: oneshot::Sender<Result<Done, HashError>>,
    /// Held until the caller has its answer.
    pub(crate) _room: (OwnedSemaphorePermit, Share),
}

/// What to compute.
pub(crate) enum Work {
    Hash { password: Zeroizing<String>, salt: [u8; 16] },
    Score { password: Zeroizing<String>, facts: Vec<String> },
    Verify { password: Zeroizing<String>, hash: String },
}

/// What was computed: a hash, a score or a verdict.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) hash: Option<String>,
    pub(crate) score: Option<u8>,
    pub(crate) verdict: Option<Verdict>,
}

/// What the caller and the gate both see of a job.
pub(crate) struct Task {
    deadline: Instant,
    begun: AtomicBool,
}

/// What the gate begins with.
#[derive(Clone)]
pub(crate) struct GateArguments {
    /// One permit per hash computed at once. Shared by all incarnations: a new gate knows of the threads that its
    /// predecessor keeps busy.
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) post: Arc<Post<GateMsg>>,
    pub(crate) threads: Arc<Threads>,
    pub(crate) metrics: Arc<Metrics>,
}

/// What the gate remembers.
pub(crate) struct GateState {
    queue: Turns<Job>,
    arguments: GateArguments,
}

/// One of the hashes that are computed at once; tells whoever fills the gate when it is over, even after a panic.
pub(crate) struct Slot {
    permit: Option<OwnedSemaphorePermit>,
    post: Arc<Post<GateMsg>>,
}

impl Task {
    pub(crate) fn new(deadline: Instant) -> Self {
        Self { deadline, begun: AtomicBool::new(false) }
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::SeqCst)
    }
}

impl Actor for Gate {
    type Msg = GateMsg;
    type State = GateState;
    type Arguments = GateArguments;

    async fn pre_start(
        &self,
        _: ActorRef<GateMsg>,
        arguments: GateArguments,
    ) -> Result<GateState, ActorProcessingErr> {
        Ok(GateState { queue: Turns::default(), arguments })
    }

    async fn handle(
        &self,
        _: ActorRef<GateMsg>,
        message: GateMsg,
        state: &mut GateState,
    ) -> Result<(), ActorProcessingErr> {
        if let GateMsg::Job(job) = message {
            let lane = Lane::clone(&job.lane);
            state.queue.push(&lane, job);
        }
        state.serve();
        Ok(())
    }
}

impl GateState {
    /// Starts what waits, while there are threads.
    fn serve(&mut self) {
        while self.queue.len() > 0 {
            let Ok(permit) = Arc::clone(&self.arguments.slots).try_acquire_owned() else { break };
            let slot = Slot { permit: Some(permit), post: Arc::clone(&self.arguments.post) };
            match self.next() {
                Some(job) => self.arguments.start(job, slot),
                None => slot.leave(),
            }
        }
        self.arguments.metrics.hash_queue(i64::try_from(self.queue.len()).unwrap_or(i64::MAX));
    }

    /// The next job that somebody still wants; the late ones are told so.
    fn next(&mut self) -> Option<Job> {
        while let Some(job) = self.queue.pop() {
            if Instant::now() >= job.task.deadline {
                let _ = job.reply.send(Err(HashError::Late));
            } else if !job.reply.is_closed() {
                return Some(job);
            }
        }
        None
    }
}

impl GateArguments {
    fn start(&self, job: Job, slot: Slot) {
        let Job { work, task, reply, _room: (room, share), .. } = job;
        if !matches!(work, Work::Score { .. }) {
            self.metrics.hash_computed();
        }
        task.begun.store(true, Ordering::SeqCst);
        self.threads.start(work, Asked { reply, _holds: (slot, room, share) });
    }
}

impl Work {
    pub(crate) fn compute(&self, argon: &Argon) -> Result<Done, HashError> {
        match self {
            Self::Hash { password, salt } => {
                let hash = argon.hash(password.as_bytes(), salt)?;
                Ok(Done { hash: Some(hash), ..Done::default() })
            }
            Self::Score { password, facts } => {
                Ok(Done { score: Some(strength::score(password, facts)), ..Done::default() })
            }
            Self::Verify { password, hash } => {
                let verdict = argon.verify(password, hash)?;
                Ok(Done { verdict: Some(verdict), ..Done::default() })
            }
        }
    }
}

impl Slot {
    /// Gives the slot back without word: the gate itself holds it and knows.
    fn leave(mut self) {
        self.permit = None;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            drop(permit);
            // An empty post is filled soon; the first job that then comes wakes the queue as well.
            let _ = self.post.send(GateMsg::Free);
        }
    }
}
