//! A shard: keeps the sessions hashed to it in order. It never waits for the store: verbs are spawned, and
//! outlive the shard, so that its death loses answers that nobody had and no rotation.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};

use super::dead::Dead;
use super::lane::{Lane, Outcome, Waiting, answer};
use super::ring::RingError;
use crate::model::family::{Presented, Rotation};
use crate::protocol::ids::SessionId;
use crate::store::SharedStore;

/// The handler.
#[derive(Clone)]
pub(crate) struct Shard;

/// What a shard is told.
pub(crate) enum ShardMsg {
    /// The verb of a session ended.
    Done(SessionId, Outcome),
    /// Somebody presents a token.
    Rotate(Waiting),
}

/// What a shard begins with.
#[derive(Clone)]
pub(crate) struct ShardArguments {
    pub(crate) store: SharedStore,
    pub(crate) dead: Arc<Dead>,
    pub(crate) session_queue: usize,
}

/// What a shard remembers: the sessions that have a verb under way, and nothing of the others.
pub(crate) struct ShardState {
    lanes: HashMap<SessionId, Lane>,
    arguments: ShardArguments,
}

/// A verb under way. Ends by telling the shard, even when the store panics: else the session would wait for ever.
struct Verb {
    shard: ActorRef<ShardMsg>,
    session: SessionId,
    outcome: Outcome,
}

impl Actor for Shard {
    type Msg = ShardMsg;
    type State = ShardState;
    type Arguments = ShardArguments;

    async fn pre_start(
        &self,
        _: ActorRef<ShardMsg>,
        arguments: ShardArguments,
    ) -> Result<ShardState, ActorProcessingErr> {
        Ok(ShardState { lanes: HashMap::new(), arguments })
    }

    async fn handle(
        &self,
        myself: ActorRef<ShardMsg>,
        message: ShardMsg,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ShardMsg::Rotate(waiting) => state.rotate(&myself, waiting),
            ShardMsg::Done(session, outcome) => state.done(&myself, session, &outcome),
        }
        Ok(())
    }
}

impl ShardState {
    fn rotate(&mut self, myself: &ActorRef<ShardMsg>, waiting: Waiting) {
        match self.lanes.entry(waiting.asked.session) {
            Entry::Occupied(mut lane) => lane.get_mut().join(waiting, self.arguments.session_queue),
            Entry::Vacant(vacant) => {
                vacant.insert(Lane::new(waiting.asked));
                self.arguments.spawn(myself.clone(), waiting);
            }
        }
    }

    fn done(&mut self, myself: &ActorRef<ShardMsg>, session: SessionId, outcome: &Outcome) {
        let Entry::Occupied(mut lane) = self.lanes.entry(session) else { return };
        match lane.get_mut().advance(outcome) {
            Some(next) => self.arguments.spawn(myself.clone(), next),
            None => drop(lane.remove()),
        }
    }
}

impl ShardArguments {
    fn spawn(&self, shard: ActorRef<ShardMsg>, waiting: Waiting) {
        let (store, dead) = (Arc::clone(&self.store), Arc::clone(&self.dead));
        tokio::spawn(async move {
            let asked = waiting.asked;
            let mut verb = Verb { shard, session: asked.session, outcome: Err(RingError::Lost) };
            verb.outcome = store.rotate(asked).await.map_err(RingError::from);
            remember(&dead, &asked, &verb.outcome);
            answer(waiting, verb.outcome.clone());
        });
    }
}

impl Drop for Verb {
    fn drop(&mut self) {
        let outcome = std::mem::replace(&mut self.outcome, Err(RingError::Lost));
        // A shard that died has forgotten the session; its successor asks the store again.
        let _ = self.shard.send_message(ShardMsg::Done(self.session, outcome));
    }
}

fn remember(dead: &Dead, asked: &Presented, outcome: &Outcome) {
    if matches!(outcome, Ok(Rotation::Reused | Rotation::Unknown)) {
        dead.family(asked.session, asked.family);
    }
}
