//! The loader: one load per membership however many ask, and none remembered that raced with a change.

use std::collections::HashMap;
use std::sync::Arc;

use moka::sync::Cache;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::model::membership::Membership;
use crate::protocol::ids::{OrganizationId, TenantId, UserId};
use crate::store::cached::key::{Key, Name};
use crate::store::cached::shelf::Entry;
use crate::store::{SharedStore, StoreError};

/// What was found.
pub(crate) type Answer = Result<Entry<Membership>, StoreError>;

/// The handler.
#[derive(Clone)]
pub(crate) struct Loader;

/// What the loader is told.
pub(crate) enum LoaderMsg {
    /// This membership changed.
    Forget(Key),
    /// Any membership may have changed.
    ForgetAll,
    /// Somebody wants this one.
    Load { wanted: Wanted, reply: oneshot::Sender<Answer>, permit: OwnedSemaphorePermit },
    /// A load ended.
    Loaded(Key, u64, Answer),
}

/// The ids of a membership.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    pub(crate) organization: OrganizationId,
}

/// What the loader begins with.
#[derive(Clone)]
pub(crate) struct LoaderArguments {
    pub(crate) store: SharedStore,
    pub(crate) cache: Cache<Key, Entry<Membership>>,
}

/// What the loader remembers.
pub(crate) struct LoaderState {
    arguments: LoaderArguments,
    /// The load of each membership whose result may be remembered. A change takes it away.
    current: HashMap<Key, u64>,
    /// Who waits for each load.
    waiting: HashMap<u64, Vec<(oneshot::Sender<Answer>, OwnedSemaphorePermit)>>,
    loads: u64,
}

/// A load under way; tells the loader how it ended, even when the store panics.
struct Load {
    loader: ActorRef<LoaderMsg>,
    key: Key,
    number: u64,
    answer: Answer,
}

impl Actor for Loader {
    type Msg = LoaderMsg;
    type State = LoaderState;
    type Arguments = LoaderArguments;

    async fn pre_start(
        &self,
        _: ActorRef<LoaderMsg>,
        arguments: LoaderArguments,
    ) -> Result<LoaderState, ActorProcessingErr> {
        // A predecessor may have died with word of a change in its mailbox.
        arguments.cache.invalidate_all();
        Ok(LoaderState { arguments, current: HashMap::new(), waiting: HashMap::new(), loads: 0 })
    }

    async fn handle(
        &self,
        myself: ActorRef<LoaderMsg>,
        message: LoaderMsg,
        state: &mut LoaderState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            LoaderMsg::Forget(key) => state.forget(&key),
            LoaderMsg::ForgetAll => state.forget_all(),
            LoaderMsg::Load { wanted, reply, permit } => state.load(myself, wanted, (reply, permit)),
            LoaderMsg::Loaded(key, number, answer) => state.loaded(key, number, &answer),
        }
        Ok(())
    }
}

impl LoaderState {
    fn load(
        &mut self,
        myself: ActorRef<LoaderMsg>,
        wanted: Wanted,
        caller: (oneshot::Sender<Answer>, OwnedSemaphorePermit),
    ) {
        let key = wanted.key();
        if let Some(number) = self.current.get(&key) {
            self.waiting.entry(*number).or_default().push(caller);
            return;
        }
        if let Some(entry) = self.arguments.cache.get(&key) {
            let _ = caller.0.send(Ok(entry));
            return;
        }
        self.loads += 1;
        self.current.insert(key.clone(), self.loads);
        self.waiting.insert(self.loads, vec![caller]);
        let lost = Err(StoreError::Unavailable("a load ended without an answer".to_owned()));
        let load = Load { loader: myself, key, number: self.loads, answer: lost };
        let store = Arc::clone(&self.arguments.store);
        tokio::spawn(async move { load.end(wanted.load(&store).await) });
    }

    fn loaded(&mut self, key: Key, number: u64, answer: &Answer) {
        if self.current.get(&key) == Some(&number) {
            self.current.remove(&key);
            if let Ok(entry) = answer {
                self.arguments.cache.insert(key, entry.clone());
            }
        }
        for (reply, _) in self.waiting.remove(&number).unwrap_or_default() {
            let _ = reply.send(answer.clone());
        }
    }

    fn forget(&mut self, key: &Key) {
        self.current.remove(key);
        self.arguments.cache.invalidate(key);
    }

    fn forget_all(&mut self) {
        self.current.clear();
        self.arguments.cache.invalidate_all();
    }
}

impl Wanted {
    /// Asks the store.
    pub(crate) async fn load(&self, store: &SharedStore) -> Answer {
        let found = store.find_membership(&self.tenant, &self.user, &self.organization).await?;
        Ok(found.map(Arc::new))
    }

    fn key(&self) -> Key {
        Name::pair(&self.tenant, self.user.as_str(), self.organization.as_str()).to_key()
    }
}

impl Load {
    fn end(mut self, answer: Answer) {
        self.answer = answer;
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let empty = Err(StoreError::Unavailable(String::new()));
        let answer = std::mem::replace(&mut self.answer, empty);
        let _ = self.loader.send_message(LoaderMsg::Loaded(self.key.clone(), self.number, answer));
    }
}
