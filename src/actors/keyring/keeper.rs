//! The keeper: publishes snapshots in order, one load per tenant at a time, and looks at the schedule.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;

use super::locksmith::Locksmith;
use super::{KeyringError, Snapshots};
use crate::protocol::ids::TenantId;
use crate::signing::keyset::KeySet;

/// What whoever waits for keys is told.
pub(crate) type Answer = Result<Arc<KeySet>, KeyringError>;

/// How long to wait before loading keys again that could not be loaded.
const PAUSE: Duration = Duration::from_secs(1);

/// The handler.
#[derive(Clone)]
pub(crate) struct Keeper;

/// What the keeper is told.
pub(crate) enum KeeperMsg {
    /// The pause after a load that failed is over.
    Again(TenantId),
    /// It is time to look at the schedule.
    Look,
    /// The schedule was looked at.
    Looked,
    /// A load ended.
    Loaded(TenantId, Answer),
    /// The keys of a tenant may have changed.
    Reload(TenantId, Option<oneshot::Sender<Answer>>),
}

/// What the keeper begins with.
#[derive(Clone)]
pub(crate) struct KeeperArguments {
    pub(crate) snapshots: Arc<Snapshots>,
    pub(crate) locksmith: Arc<Locksmith>,
}

/// What the keeper remembers.
pub(crate) struct KeeperState {
    arguments: KeeperArguments,
    loading: HashMap<TenantId, Loading>,
    /// Tenants whose keys are to be loaded again after a pause: one retry each, however many loads fail.
    pausing: HashSet<TenantId>,
    looking: bool,
}

/// A load under way.
#[derive(Default)]
struct Loading {
    waiting: Vec<oneshot::Sender<Answer>>,
    /// Those who asked after it began: what it finds may be too old for them.
    next: Vec<oneshot::Sender<Answer>>,
    again: bool,
}

/// Tells the keeper something when dropped, so that a panic in the work does not keep it waiting.
struct Word(ActorRef<KeeperMsg>, Option<KeeperMsg>);

impl Actor for Keeper {
    type Msg = KeeperMsg;
    type State = KeeperState;
    type Arguments = KeeperArguments;

    async fn pre_start(
        &self,
        myself: ActorRef<KeeperMsg>,
        arguments: KeeperArguments,
    ) -> Result<KeeperState, ActorProcessingErr> {
        myself.send_interval(arguments.locksmith.interval(), || KeeperMsg::Look);
        let mut state =
            KeeperState { arguments, loading: HashMap::new(), pausing: HashSet::new(), looking: false };
        // A predecessor may have died with word of a change in its mailbox.
        let known: Vec<TenantId> = state.arguments.snapshots.load().keys().cloned().collect();
        for tenant in known {
            state.reload(&myself, tenant, None);
        }
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<KeeperMsg>,
        message: KeeperMsg,
        state: &mut KeeperState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            KeeperMsg::Again(tenant) => {
                state.pausing.remove(&tenant);
                state.reload(&myself, tenant, None);
            }
            KeeperMsg::Look => state.look(myself),
            KeeperMsg::Looked => state.looking = false,
            KeeperMsg::Loaded(tenant, answer) => state.loaded(&myself, tenant, &answer),
            KeeperMsg::Reload(tenant, reply) => state.reload(&myself, tenant, reply),
        }
        Ok(())
    }
}

impl KeeperState {
    fn reload(
        &mut self,
        myself: &ActorRef<KeeperMsg>,
        tenant: TenantId,
        reply: Option<oneshot::Sender<Answer>>,
    ) {
        if let Some(loading) = self.loading.get_mut(&tenant) {
            loading.again = true;
            loading.next.extend(reply);
            return;
        }
        let waiting = reply.into_iter().collect();
        self.loading.insert(tenant.clone(), Loading { waiting, ..Loading::default() });
        self.spawn(myself, tenant);
    }

    fn spawn(&self, myself: &ActorRef<KeeperMsg>, tenant: TenantId) {
        let lost = KeeperMsg::Loaded(tenant.clone(), Err(KeyringError::Lost));
        let word = Word(myself.clone(), Some(lost));
        let locksmith = Arc::clone(&self.arguments.locksmith);
        tokio::spawn(async move {
            let answer = locksmith.load(&tenant).await;
            word.change(KeeperMsg::Loaded(tenant, answer));
        });
    }

    fn loaded(&mut self, myself: &ActorRef<KeeperMsg>, tenant: TenantId, answer: &Answer) {
        match answer {
            Ok(keys) => self.publish(&tenant, keys),
            Err(error) => {
                tracing::error!(%tenant, %error, "keys cannot be loaded; the last ones stay");
                if self.pausing.insert(tenant.clone()) {
                    let again = tenant.clone();
                    myself.send_after(PAUSE, move || KeeperMsg::Again(again));
                }
            }
        }
        let Some(loading) = self.loading.remove(&tenant) else { return };
        for reply in loading.waiting {
            let _ = reply.send(answer.clone());
        }
        if loading.again {
            let next = Loading { waiting: loading.next, ..Loading::default() };
            self.loading.insert(tenant.clone(), next);
            self.spawn(myself, tenant);
        }
    }

    fn publish(&self, tenant: &TenantId, keys: &Arc<KeySet>) {
        self.arguments.snapshots.rcu(|snapshots| {
            let mut snapshots = HashMap::clone(snapshots);
            snapshots.insert(tenant.clone(), Arc::clone(keys));
            snapshots
        });
    }

    fn look(&mut self, myself: ActorRef<KeeperMsg>) {
        if self.looking {
            return;
        }
        self.looking = true;
        let word = Word(myself.clone(), Some(KeeperMsg::Looked));
        let arguments = self.arguments.clone();
        tokio::spawn(async move {
            let _word = word;
            let known: Vec<TenantId> = arguments.snapshots.load().keys().cloned().collect();
            for tenant in known {
                match arguments.locksmith.follow_schedule(&tenant).await {
                    Ok(false) => {}
                    Ok(true) => drop(myself.send_message(KeeperMsg::Reload(tenant, None))),
                    Err(error) => tracing::warn!(%tenant, %error, "the key schedule could not be followed"),
                }
            }
        });
    }
}

impl Word {
    /// Says something else, now.
    fn change(mut self, message: KeeperMsg) {
        self.1 = Some(message);
    }
}

impl Drop for Word {
    fn drop(&mut self) {
        if let Some(message) = self.1.take() {
            // A keeper that died is replaced by one that loads everything.
            let _ = self.0.send_message(message);
        }
    }
}
