//! The tail: follows the feed in a task of its own, and re-applies revocations after a change of topology.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::task::JoinSet;

use super::Listeners;
use crate::actors::chore::Chore;
use crate::model::change::Change;
use crate::model::session::End;
use crate::store::change_feed::{self, Position};
use crate::store::{SharedStore, StoreError};
use crate::telemetry::metrics::Metrics;

/// How long one call waits for news; also how late a change of topology is noticed at most.
const WAIT_MS: u64 = 1_000;
/// Entries taken at once.
const TAKE: usize = 512;
/// The first and the longest pause before asking a store again that failed.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// The handler.
#[derive(Clone)]
pub(crate) struct Tail;

/// What the tail is told.
pub(crate) enum TailMsg {
    /// The task that follows has ended, which it should not.
    Ended,
}

/// What the tail begins with.
#[derive(Clone)]
pub(crate) struct TailArguments {
    pub(crate) store: SharedStore,
    pub(crate) listeners: Listeners,
    pub(crate) metrics: Arc<Metrics>,
    /// Up to where everybody was told; outlives the tail, so that its successor misses nothing.
    pub(crate) place: Arc<Mutex<Option<Position>>>,
    /// The topology under which revocations were last applied.
    pub(crate) topology: Arc<Mutex<u64>>,
}

impl Actor for Tail {
    type Msg = TailMsg;
    /// Dropping it ends the task.
    type State = JoinSet<()>;
    type Arguments = TailArguments;

    async fn pre_start(
        &self,
        myself: ActorRef<TailMsg>,
        arguments: TailArguments,
    ) -> Result<JoinSet<()>, ActorProcessingErr> {
        let mut task = JoinSet::new();
        let chore = Chore::new(myself, || TailMsg::Ended);
        task.spawn(chore.keep(arguments.follow_for_ever()));
        Ok(task)
    }

    async fn handle(
        &self,
        _: ActorRef<TailMsg>,
        message: TailMsg,
        _: &mut JoinSet<()>,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            TailMsg::Ended => Err("the following task ended".into()),
        }
    }
}

impl TailArguments {
    async fn follow_for_ever(self) {
        let mut pause = PAUSE.0;
        // At first nothing is known of what changed before.
        let mut doubt = self.place().is_none();
        loop {
            match self.step(doubt).await {
                Ok(()) => (doubt, pause) = (false, PAUSE.0),
                Err(error) => {
                    tracing::warn!(%error, "the change feed cannot be followed; trying again");
                    tokio::time::sleep(pause).await;
                    (doubt, pause) = (true, (pause * 2).min(PAUSE.1));
                }
            }
        }
    }

    /// Hears the next entries; `doubt` when some may have been missed.
    async fn step(&self, doubt: bool) -> Result<(), StoreError> {
        self.settle_topology().await?;
        let place = match self.place() {
            Some(place) => place,
            None => self.store.head().await?,
        };
        // With doubt, answer at once: whoever remembers something waits for word.
        let wait_ms = if doubt { 0 } else { WAIT_MS };
        let heard = self.store.follow(place, wait_ms, TAKE).await?;
        if doubt {
            self.listeners.tell_all();
        }
        match heard {
            change_feed::Tail::Entries(entries) => {
                self.set_place(place);
                for (at, change) in entries {
                    self.listeners.tell(&change);
                    self.set_place(at);
                }
            }
            change_feed::Tail::Gap(at) => {
                tracing::warn!("the change feed has a gap; every cache is dropped");
                self.metrics.feed_gap();
                self.listeners.tell_all();
                self.set_place(at);
            }
        }
        Ok(())
    }

    /// After a failover the store may have lost the last revocations: a revoked session must not come back
    /// to life (design §7).
    async fn settle_topology(&self) -> Result<(), StoreError> {
        let epoch = self.store.topology_epoch();
        if *self.topology.lock().unwrap_or_else(PoisonError::into_inner) == epoch {
            return Ok(());
        }
        self.listeners.ring.reconsider();
        let revocations = self.store.recent_revocations().await?;
        tracing::warn!(
            count = revocations.len(),
            "the store's topology changed; revocations are applied again"
        );
        for change in &revocations {
            self.revoke(change).await?;
        }
        *self.topology.lock().unwrap_or_else(PoisonError::into_inner) = epoch;
        Ok(())
    }

    async fn revoke(&self, change: &Change) -> Result<(), StoreError> {
        if let Change::SessionEnded { session, spares, .. } = change {
            let how = if *spares { End::Logout } else { End::Everything };
            if how == End::Everything {
                self.listeners.ring.forget(*session);
            }
            self.store.end(*session, how).await?;
        }
        if let Change::FamilyRevoked { session, family, .. } = change {
            self.listeners.ring.forget_family(*session, *family);
            self.store.revoke(*session, *family).await?;
        }
        Ok(())
    }

    fn place(&self) -> Option<Position> {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_place(&self, at: Position) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }
}
