//! The clerk: takes events out of the buffer and writes them in batches, in a task of its own.

use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::actors::chore::Chore;
use crate::model::log_event::LogEvent;
use crate::store::{SharedStore, StoreError};

/// How long to wait before asking a store again that failed.
const PAUSE: Duration = Duration::from_millis(250);

/// The handler.
#[derive(Clone)]
pub(crate) struct Clerk;

/// What the clerk is told.
pub(crate) enum ClerkMsg {
    /// The task that writes has ended, which it should not.
    Ended,
}

/// What the clerk begins with.
#[derive(Clone)]
pub(crate) struct ClerkArguments {
    pub(crate) store: SharedStore,
    /// Outlives the clerk, with what it had taken but not written.
    pub(crate) intake: Arc<Mutex<Intake>>,
    pub(crate) batch: usize,
    pub(crate) flush: Duration,
}

/// The buffer's far end.
pub(crate) struct Intake {
    pub(crate) receiver: mpsc::Receiver<LogEvent>,
    /// Taken out of the buffer, not yet known to be written.
    pub(crate) pending: Vec<LogEvent>,
}

/// What the clerk remembers; dropping it ends the task.
pub(crate) struct ClerkState {
    arguments: ClerkArguments,
    task: JoinSet<()>,
}

impl Actor for Clerk {
    type Msg = ClerkMsg;
    type State = ClerkState;
    type Arguments = ClerkArguments;

    async fn pre_start(
        &self,
        myself: ActorRef<ClerkMsg>,
        arguments: ClerkArguments,
    ) -> Result<ClerkState, ActorProcessingErr> {
        let mut task = JoinSet::new();
        let chore = Chore::new(myself, || ClerkMsg::Ended);
        task.spawn(chore.keep(write_for_ever(arguments.clone())));
        Ok(ClerkState { arguments, task })
    }

    async fn handle(
        &self,
        _: ActorRef<ClerkMsg>,
        message: ClerkMsg,
        _: &mut ClerkState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ClerkMsg::Ended => Err("the writing task ended".into()),
        }
    }

    /// Writes what is left; the one place where an actor may wait for the store, as nobody waits for it.
    async fn post_stop(
        &self,
        _: ActorRef<ClerkMsg>,
        state: &mut ClerkState,
    ) -> Result<(), ActorProcessingErr> {
        state.task.shutdown().await;
        let mut intake = state.arguments.intake.lock().await;
        while let Ok(event) = intake.receiver.try_recv() {
            intake.pending.push(event);
        }
        let (store, batch) = (&state.arguments.store, state.arguments.batch);
        if let Err(error) = intake.write(store, batch).await {
            tracing::error!(%error, lost = intake.pending.len(), "log events could not be written at the end");
        }
        Ok(())
    }
}

async fn write_for_ever(arguments: ClerkArguments) {
    let mut intake = arguments.intake.lock().await;
    loop {
        intake.fill(arguments.batch, arguments.flush).await;
        if let Err(error) = intake.write(&arguments.store, arguments.batch).await {
            tracing::warn!(%error, "log events could not be written; trying again");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Intake {
    /// Waits for an event, and then a little for others.
    async fn fill(&mut self, batch: usize, flush: Duration) {
        if self.pending.is_empty() {
            match self.receiver.recv().await {
                Some(event) => self.pending.push(event),
                // Nobody can hand in any more: nothing will ever come.
                None => std::future::pending().await,
            }
        }
        let until = Instant::now() + flush;
        while self.pending.len() < batch {
            let room = batch - self.pending.len();
            let more = self.receiver.recv_many(&mut self.pending, room);
            if !matches!(tokio::time::timeout_at(until, more).await, Ok(1..)) {
                break;
            }
        }
    }

    /// Writes what is pending, and keeps what could not be written.
    async fn write(&mut self, store: &SharedStore, batch: usize) -> Result<(), StoreError> {
        while !self.pending.is_empty() {
            let take = self.pending.len().min(batch);
            store.append(&self.pending[..take]).await?;
            self.pending.drain(..take);
        }
        Ok(())
    }
}
