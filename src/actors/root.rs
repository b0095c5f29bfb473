//! The root: starts every actor, starts each again that dies, and gives up when that happens too often.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use tokio::sync::watch;
use tokio::time::Instant;

use super::post::Position;
use super::restarts::Budget;
use crate::telemetry::metrics::Metrics;

/// Restarts allowed within [`WITHIN`], over all actors: a fault that repeats is not an accident.
pub(crate) const RESTARTS: usize = 64;
/// The stretch of time in which restarts count together.
pub(crate) const WITHIN: Duration = Duration::from_mins(1);
/// How long to wait before trying again to start an actor that would not start.
const PAUSE: Duration = Duration::from_millis(200);

/// The handler.
#[derive(Clone)]
pub(crate) struct Root;

/// What the root is told.
pub(crate) enum RootMsg {
    /// This position could not be filled: try again.
    Fill(Arc<dyn Position>),
}

/// What the root begins with.
pub(crate) struct Plan {
    pub(crate) positions: Vec<Arc<dyn Position>>,
    pub(crate) budget: Budget,
    pub(crate) health: Arc<Health>,
    pub(crate) metrics: Arc<Metrics>,
}

/// What the root remembers.
pub(crate) struct RootState {
    /// Who is alive, by the id of the incarnation.
    alive: HashMap<ActorId, Arc<dyn Position>>,
    budget: Budget,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
}

/// How the tree is, for those outside of it.
pub(crate) struct Health {
    failed: watch::Sender<bool>,
    stopping: AtomicBool,
}

impl Health {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { failed: watch::Sender::new(false), stopping: AtomicBool::new(false) })
    }

    /// From here on, actors that end are meant to.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// From here on, the process must end.
    pub(crate) fn fail(&self) {
        if !self.is_stopping() {
            self.failed.send_replace(true);
        }
    }

    pub(crate) fn is_well(&self) -> bool {
        !*self.failed.borrow() && !self.is_stopping()
    }

    /// Resolves when the process must end.
    pub(crate) async fn failed(&self) {
        let mut failed = self.failed.subscribe();
        if failed.wait_for(|failed| *failed).await.is_err() {
            // The sender lives in self; it cannot be gone while we wait.
            std::future::pending::<()>().await;
        }
    }
}

impl Actor for Root {
    type Msg = RootMsg;
    type State = RootState;
    type Arguments = Plan;

    async fn pre_start(
        &self,
        myself: ActorRef<RootMsg>,
        plan: Plan,
    ) -> Result<RootState, ActorProcessingErr> {
        let mut alive = HashMap::new();
        for position in plan.positions {
            let cell = position.fill(myself.get_cell()).await?;
            alive.insert(cell.get_id(), position);
        }
        Ok(RootState { alive, budget: plan.budget, health: plan.health, metrics: plan.metrics })
    }

    async fn handle(
        &self,
        myself: ActorRef<RootMsg>,
        message: RootMsg,
        state: &mut RootState,
    ) -> Result<(), ActorProcessingErr> {
        let RootMsg::Fill(position) = message;
        state.fill(&myself, position).await;
        Ok(())
    }

    /// The inherited behaviour is to die with any child.
    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<RootMsg>,
        event: SupervisionEvent,
        state: &mut RootState,
    ) -> Result<(), ActorProcessingErr> {
        let (who, why) = match event {
            SupervisionEvent::ActorFailed(who, error) => (who, error.to_string()),
            SupervisionEvent::ActorTerminated(who, _, reason) => (who, reason.unwrap_or_default()),
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => return Ok(()),
        };
        if let Some(position) = state.alive.remove(&who.get_id()) {
            if state.health.is_stopping() {
                tracing::debug!(actor = ?position.name(), why, "an actor ended");
                return Ok(());
            }
            tracing::error!(actor = ?position.name(), why, "an actor ended");
            state.fill(&myself, position).await;
        }
        Ok(())
    }
}

impl RootState {
    async fn fill(&mut self, myself: &ActorRef<RootMsg>, position: Arc<dyn Position>) {
        if self.health.is_stopping() {
            return;
        }
        if !self.budget.take(Instant::now()) {
            tracing::error!(actor = ?position.name(), "the restart budget is spent; giving up");
            self.health.fail();
            return;
        }
        self.metrics.actor_restarted(position.name());
        match position.fill(myself.get_cell()).await {
            Ok(cell) => {
                tracing::warn!(actor = ?position.name(), "the actor was started again");
                self.alive.insert(cell.get_id(), position);
            }
            Err(error) => retry(myself, position, &error),
        }
    }
}

fn retry(myself: &ActorRef<RootMsg>, position: Arc<dyn Position>, error: &SpawnErr) {
    tracing::error!(actor = ?position.name(), %error, "the actor would not start");
    myself.send_after(PAUSE, move || RootMsg::Fill(position));
}

/// Starts a root over `positions`; the root's end is a failure unless it was asked to stop.
pub(crate) async fn raise(plan: Plan) -> Result<ActorRef<RootMsg>, SpawnErr> {
    let health = Arc::clone(&plan.health);
    let (root, ended) = Root::spawn(None, Root, plan).await?;
    tokio::spawn(async move {
        let _ = ended.await;
        health.fail();
    });
    Ok(root)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A tree with a large budget, for the tests of the actors in it.
    pub(crate) async fn tree(positions: Vec<Arc<dyn Position>>) -> Arc<Health> {
        let health = Health::new();
        let budget = Budget::new(1_000, WITHIN);
        let plan = Plan { positions, budget, health: Arc::clone(&health), metrics: Metrics::new() };
        raise(plan).await.unwrap();
        health
    }
}
