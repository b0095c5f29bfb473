//! Passwords: a gate before a computation that costs as much as a thousand signatures. So many are computed
//! at once, so many wait, none waits for long, and whoever does not fit is told when to come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use tokio::time::Instant;
use zeroize::Zeroizing;

use self::argon::Argon;
use self::gate::{Gate, GateArguments, GateMsg, Job, Task, Work};
use self::threads::Threads;
use self::turns::{Lane, Shares};
use super::post::{Position, Post, Staffed};
use crate::clock::Entropy;
use crate::config::passwords::Passwords as Settings;
use crate::protocol::ids::TenantId;
use crate::telemetry::labels::ActorName;
use crate::telemetry::metrics::Metrics;

mod argon;
mod digests;
mod foreign;
mod gate;
mod ldap;
mod phc;
mod strength;
mod threads;
mod turns;

pub use foreign::Objection;

/// The gate; cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    inner: Arc<Inner>,
    /// For whom it computes.
    lane: Lane,
}

/// What comparing a password with a hash said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Match {
        /// Whether the hash is weaker than those made now, or of another kind: replace it.
        needs_rehash: bool,
    },
    /// It is not.
    Mismatch,
}

/// Why a password was neither verified nor hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Too many wait already.
    #[error("too many password hashes are waiting")]
    Busy {
        /// When the present queue should be done, in seconds.
        retry_after_secs: u64,
    },
    /// It waited for a thread as long as it may.
    #[error("a password hash waited too long for a thread")]
    Late,
    /// Whoever was to answer died, or there was no randomness.
    #[error("the answer was lost")]
    Lost,
    /// The stored hash is of no kind that is accepted, or would cost more than is allowed.
    #[error("the stored password hash is not acceptable")]
    Malformed,
}

struct Inner {
    post: Arc<Post<GateMsg>>,
    argon: Arc<Argon>,
    entropy: Entropy,
    /// One permit per hash computed or waiting; mailboxes are unbounded.
    permits: Arc<Semaphore>,
    capacity: usize,
    /// How much of the capacity each lane has taken, and may take.
    shares: Shares,
    share: usize,
    threads: usize,
    deadline: Duration,
    /// Milliseconds that a hash took of late.
    pace_ms: Arc<AtomicU64>,
    metrics: Arc<Metrics>,
    /// What unknown users are compared with.
    dummy: String,
}

impl Passwords {
    /// A gate and the position that its actor fills.
    ///
    /// # Errors
    /// The parameters are no parameters of argon2, or there is no randomness.
    pub(crate) fn new(
        settings: &Settings,
        entropy: Entropy,
        metrics: Arc<Metrics>,
    ) -> Result<(Self, Arc<dyn Position>), HashError> {
        let threads = match settings.threads {
            0 => crate::config::cores(),
            threads => threads,
        };
        let argon = Arc::new(Argon::new(settings, threads)?);
        let pace_ms = Arc::new(AtomicU64::new(50));
        let post = Post::empty();
        let arguments = GateArguments {
            slots: Arc::new(Semaphore::new(threads)),
            post: Arc::clone(&post),
            threads: Arc::new(Threads::new(settings, threads, Arc::clone(&argon), Arc::clone(&pace_ms))),
            metrics: Arc::clone(&metrics),
        };
        let capacity = threads + settings.queue;
        let inner = Inner {
            post: Arc::clone(&post),
            dummy: argon.unmatched(&salt(&entropy)?),
            argon,
            entropy,
            permits: Arc::new(Semaphore::new(capacity)),
            capacity,
            shares: Shares::default(),
            share: settings.tenant_queue.max(1),
            threads,
            deadline: Duration::from_millis(settings.deadline_ms),
            pace_ms,
            metrics,
        };
        let position = Arc::new(Staffed::new(ActorName::Passwords, post, Gate, arguments));
        Ok((Self { inner: Arc::new(inner), lane: Lane::from("") }, position))
    }

    /// The same gate, for the people of `tenant`: tenants take turns, and none takes all the room.
    #[must_use]
    pub fn of(&self, tenant: &TenantId) -> Self {
        Self { inner: Arc::clone(&self.inner), lane: Lane::from(tenant.as_str()) }
    }

    /// Why `hash` cannot be verified at a cost that the configuration allows; `None` when it can. A hash is an
    /// argon2 PHC string, a bcrypt string, or what [`crate::model::custom_hash::CustomHash::stored`] wrote.
    pub fn objection(&self, hash: &str) -> Option<Objection> {
        self.inner.argon.objection(hash)
    }

    /// Compares `password` with a stored `hash`.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn verify(&self, password: Zeroizing<String>, hash: String) -> Result<Verdict, HashError> {
        let done = self.ask(Work::Verify { password, hash }).await?;
        done.verdict.ok_or(HashError::Lost)
    }

    /// Hashes `password` for storing: a PHC string of argon2id under a random salt.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String, HashError> {
        let salt = salt(&self.inner.entropy)?;
        let done = self.ask(Work::Hash { password, salt }).await?;
        done.hash.ok_or(HashError::Lost)
    }

    /// Costs what [`Passwords::verify`] costs and says nothing: for users who do not exist.
    ///
    /// # Errors
    /// [`HashError`], exactly as `verify` would.
    pub async fn verify_nothing(&self, password: Zeroizing<String>) -> Result<(), HashError> {
        self.verify(password, self.inner.dummy.clone()).await.map(drop)
    }

    /// How many guesses `password` stands, 0 (few) to 4, for guessers who know `facts`.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn score(&self, password: Zeroizing<String>, facts: Vec<String>) -> Result<u8, HashError> {
        let done = self.ask(Work::Score { password, facts }).await?;
        done.score.ok_or(HashError::Lost)
    }

    async fn ask(&self, work: Work) -> Result<gate::Done, HashError> {
        let inner = &self.inner;
        let share = inner.shares.take(&self.lane, inner.share).ok_or_else(|| self.busy())?;
        let permit = Arc::clone(&inner.permits).try_acquire_owned().map_err(|_| self.busy())?;
        let (reply, mut answer) = oneshot::channel();
        let deadline = Instant::now() + inner.deadline;
        let task = Arc::new(Task::new(deadline));
        let lane = Lane::clone(&self.lane);
        let job = Job { work, lane, task: Arc::clone(&task), reply, _room: (permit, share) };
        inner.post.send(GateMsg::Job(job)).map_err(|_| HashError::Lost)?;
        let told = match tokio::time::timeout_at(deadline, &mut answer).await {
            Ok(told) => told,
            // What has begun is worth waiting for.
            Err(_) if task.has_begun() => answer.await,
            Err(_) => Ok(Err(HashError::Late)),
        };
        let told = told.unwrap_or(Err(HashError::Lost));
        if told == Err(HashError::Late) {
            inner.metrics.hash_refused();
        }
        told
    }

    fn busy(&self) -> HashError {
        let inner = &self.inner;
        inner.metrics.hash_refused();
        let pace = inner.pace_ms.load(Ordering::Relaxed);
        let waves = inner.capacity.div_ceil(inner.threads) as u64;
        HashError::Busy { retry_after_secs: (waves * pace).div_ceil(1_000).max(1) }
    }
}

fn salt(entropy: &Entropy) -> Result<[u8; 16], HashError> {
    entropy.bytes().map_err(|error| {
        tracing::error!(%error, "no salt could be made");
        HashError::Lost
    })
}

#[cfg(test)]
mod foreign_tests;
#[cfg(test)]
mod tests;
