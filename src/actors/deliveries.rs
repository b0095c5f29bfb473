//! Deliveries: what must reach somebody outside (back-channel logout, mail), tried again with growing pauses until
//! it arrives, or given up, counted and said so. Nobody waits for one.
//!
//! What waits is kept in this process's memory: it outlives the actor, not the process.

use std::sync::Arc;

use tokio::sync::Semaphore;

use self::carrier::{Carrier, CarrierMsg};
use self::desk::Desk;
use super::post::{Position, Post, Staffed};
use crate::config::deliveries::Deliveries as Settings;
use crate::telemetry::labels::{ActorName, DeliveryKind, DeliveryOutcome};
use crate::telemetry::metrics::Metrics;

mod carrier;
mod desk;

/// Something to be delivered. It knows its own way.
#[async_trait::async_trait]
pub trait Parcel: Send + Sync + 'static {
    /// What metrics call it.
    fn kind(&self) -> DeliveryKind;

    /// Carries it there, once. The future is dropped when it takes longer than `deliveries.timeout_ms`.
    ///
    /// # Errors
    /// [`Failure`] says whether trying again may help.
    async fn carry(&self) -> Result<(), Failure>;

    /// Is told once how it ended, when nothing more will be tried.
    fn ended(&self, outcome: &Result<(), Failure>);
}

/// Why something was not delivered. The text is for logs: it names no person and holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// However often it is tried, it will not arrive.
    #[error("{0}")]
    Lasting(String),
    /// The next attempt may succeed.
    #[error("{0}")]
    Passing(String),
}

/// Requests to other servers, as far as actors and engine need to know of them.
#[async_trait::async_trait]
pub trait Web: Send + Sync + 'static {
    /// Posts an urlencoded form and looks at the status of the answer.
    ///
    /// # Errors
    /// [`Failure`]; lasting for an address that requests may not go to, and for a refusal (4xx).
    async fn post_form(&self, url: &str, form: String) -> Result<(), Failure>;
}

/// Where parcels are handed in; cheap to clone.
#[derive(Clone)]
pub struct Deliveries {
    desk: Arc<Desk>,
    /// Mailboxes and queues have no bound of their own: a permit is taken first and kept with the parcel.
    room: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

impl Deliveries {
    /// An empty desk and the position that its carrier fills.
    pub(crate) fn new(settings: &Settings, metrics: Arc<Metrics>) -> (Self, Arc<dyn Position>) {
        let desk = Desk::new(settings.clone(), Arc::clone(&metrics));
        let post: Arc<Post<CarrierMsg>> = Post::empty();
        let position = Staffed::new(ActorName::Deliveries, post, Carrier, Arc::clone(&desk));
        (Self { desk, room: Arc::new(Semaphore::new(settings.queue)), metrics }, Arc::new(position))
    }

    /// Takes a parcel; never waits. Over `deliveries.queue` it is given up at once.
    pub fn hand_in(&self, parcel: Arc<dyn Parcel>) {
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            self.metrics.delivery(parcel.kind(), DeliveryOutcome::NoRoom);
            parcel.ended(&Err(Failure::Passing("too much waits to be delivered".to_owned())));
            return;
        };
        self.desk.take(parcel, permit);
    }

    /// How many parcels are waiting or on their way.
    pub fn waiting(&self) -> usize {
        self.desk.len()
    }
}

#[cfg(test)]
mod tests;
