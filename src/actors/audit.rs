//! Log events on their way to the store: recorded without waiting, written in batches, dropped and counted
//! when the store cannot keep up.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, mpsc};

use self::clerk::{Clerk, ClerkArguments, ClerkMsg, Intake};
use super::post::{Position, Post, Staffed};
use crate::config::audit::Audit as Settings;
use crate::model::log_event::LogEvent;
use crate::store::SharedStore;
use crate::telemetry::labels::ActorName;
use crate::telemetry::metrics::Metrics;

mod clerk;

/// Where log events are handed in; cheap to clone.
#[derive(Clone)]
pub struct Audit {
    intake: mpsc::Sender<LogEvent>,
    metrics: Arc<Metrics>,
}

impl Audit {
    /// An empty buffer and the position that its clerk fills.
    pub(crate) fn new(
        store: &SharedStore,
        settings: &Settings,
        metrics: Arc<Metrics>,
    ) -> (Self, Arc<dyn Position>) {
        let (sender, receiver) = mpsc::channel(settings.buffer.max(1));
        let arguments = ClerkArguments {
            store: Arc::clone(store),
            intake: Arc::new(Mutex::new(Intake { receiver, pending: Vec::new() })),
            batch: settings.batch.max(1),
            flush: Duration::from_millis(settings.flush_ms),
        };
        let post: Arc<Post<ClerkMsg>> = Post::empty();
        let position = Arc::new(Staffed::new(ActorName::Audit, post, Clerk, arguments));
        (Self { intake: sender, metrics }, position)
    }

    /// Hands in an event; never waits.
    pub fn record(&self, event: LogEvent) {
        if let Err(refused) = self.intake.try_send(event) {
            let (TrySendError::Full(event) | TrySendError::Closed(event)) = refused;
            self.metrics.audit_dropped(1);
            tracing::debug!(event = event.event.code(), "a log event was dropped");
        }
    }
}

#[cfg(test)]
mod tests;
