//! The carrier: makes attempts when they are due, a bounded number at once, in a task of its own.

use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::desk::Desk;
use crate::actors::chore::Chore;

/// How long the last attempts may take when the process ends; shorter than the actors' patience.
const LAST_ATTEMPTS: Duration = Duration::from_secs(4);

/// The handler.
#[derive(Clone)]
pub(crate) struct Carrier;

/// What the carrier is told.
pub(crate) enum CarrierMsg {
    /// The task that delivers has ended, which it should not.
    Ended,
}

/// What the carrier remembers; dropping it ends the task and breaks off its attempts.
pub(crate) struct CarrierState {
    desk: Arc<Desk>,
    task: JoinSet<()>,
}

impl Actor for Carrier {
    type Msg = CarrierMsg;
    type State = CarrierState;
    type Arguments = Arc<Desk>;

    async fn pre_start(
        &self,
        myself: ActorRef<CarrierMsg>,
        desk: Arc<Desk>,
    ) -> Result<CarrierState, ActorProcessingErr> {
        let mut task = JoinSet::new();
        let chore = Chore::new(myself, || CarrierMsg::Ended);
        task.spawn(chore.keep(deliver_for_ever(Arc::clone(&desk))));
        Ok(CarrierState { desk, task })
    }

    async fn handle(
        &self,
        _: ActorRef<CarrierMsg>,
        message: CarrierMsg,
        _: &mut CarrierState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            CarrierMsg::Ended => Err("the delivering task ended".into()),
        }
    }

    /// Tries everything once more; the one place where this actor waits, as nobody waits for it.
    async fn post_stop(
        &self,
        _: ActorRef<CarrierMsg>,
        state: &mut CarrierState,
    ) -> Result<(), ActorProcessingErr> {
        state.desk.close();
        let done = async { while state.task.join_next().await.is_some() {} };
        let _in_time = tokio::time::timeout(LAST_ATTEMPTS, done).await;
        state.task.shutdown().await;
        let left = state.desk.abandon();
        if left > 0 {
            tracing::error!(left, "some deliveries were given up because the process ends");
        }
        Ok(())
    }
}

/// Ends only when the desk is closed and empty.
async fn deliver_for_ever(desk: Arc<Desk>) {
    let mut attempts = JoinSet::new();
    while !desk.is_done() {
        let mut due = None;
        while attempts.len() < desk.settings.concurrency {
            match desk.next() {
                Ok(attempt) => drop(attempts.spawn(attempt.make())),
                Err(next) => {
                    due = next;
                    break;
                }
            }
        }
        tokio::select! {
            () = desk.bell.notified() => {}
            Some(_made) = attempts.join_next() => {}
            () = until(due) => {}
        }
    }
}

/// Resolves at `due`, or never.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
