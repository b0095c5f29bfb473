//! The ring: every rotation goes through the shard of its session, so that this node asks the store once
//! for what was presented many times, and in order for what belongs together. The store decides (design §1).

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use tokio::sync::{Semaphore, oneshot};

use super::dead::Dead;
use super::lane::Waiting;
use super::post::{Position, Post, Staffed};
use super::shard::{Shard, ShardArguments, ShardMsg};
use crate::config::ring::Ring as Settings;
use crate::model::family::{Presented, Rotation};
use crate::protocol::ids::{FamilyKey, SessionId};
use crate::store::{SharedStore, StoreError};
use crate::telemetry::labels::{ActorName, CacheName};
use crate::telemetry::metrics::Metrics;

/// The shards of this node; cheap to clone.
#[derive(Clone)]
pub struct Ring {
    inner: Arc<Inner>,
}

/// Why a rotation has no outcome; in each case presenting the token again is safe.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RingError {
    /// Too much is under way already; nothing was asked of the store.
    #[error("too many rotations are under way")]
    Busy,
    /// Whoever was to answer died; the store may have rotated.
    #[error("the answer was lost")]
    Lost,
    /// The store did not say.
    #[error(transparent)]
    Store(#[from] StoreError),
}

struct Inner {
    slots: Box<[Slot]>,
    hasher: RandomState,
    dead: Arc<Dead>,
    metrics: Arc<Metrics>,
}

struct Slot {
    post: Arc<Post<ShardMsg>>,
    /// Mailboxes are unbounded: a permit is taken before sending and travels with the message.
    permits: Arc<Semaphore>,
}

impl Ring {
    /// A ring and the positions that its shards fill.
    pub(crate) fn new(
        store: &SharedStore,
        settings: &Settings,
        metrics: Arc<Metrics>,
    ) -> (Self, Vec<Arc<dyn Position>>) {
        let dead = Arc::new(Dead::new(settings));
        let arguments = ShardArguments {
            store: Arc::clone(store),
            dead: Arc::clone(&dead),
            session_queue: settings.session_queue,
        };
        let slot = |_| Slot { post: Post::empty(), permits: Arc::new(Semaphore::new(settings.in_flight)) };
        let slots: Box<[Slot]> = (0..settings.shards.max(1)).map(slot).collect();
        let position = |slot: &Slot| position(slot, &arguments);
        let positions = slots.iter().map(position).collect();
        (Self { inner: Arc::new(Inner { slots, hasher: RandomState::new(), dead, metrics }) }, positions)
    }

    /// What presenting `asked` did. Identical requests that arrive while one is under way share its outcome
    /// as the store would have judged them: the later ones are repeats. Without a leeway none are shared.
    ///
    /// # Errors
    /// [`RingError`].
    pub async fn rotate(&self, asked: Presented) -> Result<Rotation, RingError> {
        let dead = self.inner.dead.contains(asked.session, asked.family);
        self.inner.metrics.cache_lookup(CacheName::DeadFamily, dead);
        if dead {
            return Ok(Rotation::Unknown);
        }
        let slot = self.slot(asked.session);
        let permit = Arc::clone(&slot.permits).try_acquire_owned().map_err(|_| RingError::Busy)?;
        let (reply, answer) = oneshot::channel();
        slot.send(Waiting { asked, reply, _permit: permit }).await?;
        answer.await.unwrap_or(Err(RingError::Lost))
    }

    /// Refuses every family of an ended session for a while without asking the store.
    pub fn forget(&self, session: SessionId) {
        self.inner.dead.session(session);
    }

    /// Refuses a revoked family for a while without asking the store.
    pub fn forget_family(&self, session: SessionId, family: FamilyKey) {
        self.inner.dead.family(session, family);
    }

    /// Asks the store again about every family: what it knows may have changed.
    pub(crate) fn reconsider(&self) {
        self.inner.dead.clear();
    }

    fn slot(&self, session: SessionId) -> &Slot {
        let hash = self.inner.hasher.hash_one(session);
        let slots = &self.inner.slots;
        // The remainder is smaller than the number of slots, which is a usize.
        &slots[usize::try_from(hash % slots.len() as u64).unwrap_or(0)]
    }
}

impl Slot {
    /// A shard that died is replaced within moments: worth waiting for once, as nothing was asked yet.
    async fn send(&self, waiting: Waiting) -> Result<(), RingError> {
        let Err(vacant) = self.post.send(ShardMsg::Rotate(waiting)) else { return Ok(()) };
        tokio::time::sleep(REPLACEMENT).await;
        let message = vacant.0.ok_or(RingError::Lost)?;
        self.post.send(message).map_err(|_| RingError::Lost)
    }
}

fn position(slot: &Slot, arguments: &ShardArguments) -> Arc<dyn Position> {
    Arc::new(Staffed::new(ActorName::Shard, Arc::clone(&slot.post), Shard, arguments.clone()))
}

/// How long the replacement of a shard may take before callers are told to come back.
const REPLACEMENT: std::time::Duration = std::time::Duration::from_millis(5);

#[cfg(test)]
mod tests;
