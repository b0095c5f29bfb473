//! What the store is told of one job: how far it is, that it is still alive, and that its place is free again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::{ALIVE_SECS, errors_of};
use crate::clock::Clock;
use crate::config::jobs::Jobs as Settings;
use crate::model::job::{Job, Progress};
use crate::store::identifiers::Claim;
use crate::store::{SharedStore, StoreError};

/// The name that the one running job of a tenant holds.
const TURN: &str = "job:turn";

/// How often the store is told; several times within [`ALIVE_SECS`].
const TELL: Duration = Duration::from_secs(2);

/// How often a job asks whether it is its turn.
const ASK: Duration = Duration::from_millis(100);

/// How often the end is told before it is left to be noticed.
const TRIES: u32 = 60;

/// The desk of one job.
pub(super) struct Desk {
    pub(super) job: Job,
    store: SharedStore,
    clock: Clock,
    /// The tenant's place that it holds.
    place: String,
    keep_secs: u64,
    told: Instant,
}

impl Desk {
    pub(super) fn new(
        store: SharedStore,
        clock: Clock,
        (job, place): (Job, String),
        settings: &Settings,
    ) -> Self {
        Self { job, store, clock, place, keep_secs: settings.keep_secs, told: Instant::now() }
    }

    /// Waits until no other job of the tenant runs, and not too many of all tenants.
    pub(super) async fn turn(&mut self, running: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
        loop {
            let turn = self.claim(TURN).await;
            if matches!(turn, Ok(Claim::Held))
                && let Ok(permit) = Arc::clone(running).try_acquire_owned()
            {
                return Some(permit);
            }
            if !self.is_wanted() {
                return None;
            }
            self.tell_if_due().await;
            tokio::time::sleep(ASK).await;
        }
    }

    /// Tells the store, if it was not told for a while. A failure is tried again the next time.
    pub(super) async fn tell_if_due(&mut self) {
        if self.told.elapsed() < TELL {
            return;
        }
        self.told = Instant::now();
        let renewed = async {
            self.claim(&self.place).await?;
            if self.job.progress == Progress::Processing {
                self.claim(TURN).await?;
            }
            self.tell().await
        };
        if let Err(error) = renewed.await {
            tracing::warn!(%error, "the store could not be told how far a job is");
        }
    }

    /// Tells the store how far the job is.
    pub(super) async fn tell(&self) -> Result<(), StoreError> {
        let alive_until = self.clock.now().plus_secs(ALIVE_SECS);
        self.keep(&self.job.id, &Job { alive_until, ..self.job.clone() }).await
    }

    /// Tells the store that the job has ended, and with which errors; then gives its place up.
    pub(super) async fn end(mut self, progress: Progress, errors: &impl Serialize) {
        self.job.progress = progress;
        for _ in 0..TRIES {
            let told = async {
                self.keep(&errors_of(&self.job.id), errors).await?;
                self.tell().await
            };
            match told.await {
                Ok(()) => break,
                Err(error) => tracing::warn!(%error, "the store could not be told that a job has ended"),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.leave().await;
    }

    /// Gives up the tenant's place, and the turn.
    pub(super) async fn leave(&self) {
        for name in [TURN, &self.place] {
            if let Err(error) = self.store.release(&self.job.tenant, name, &self.job.id).await {
                tracing::debug!(%error, "a job's place is given up when it expires");
            }
        }
    }

    /// Whether the job has not expired while it waited.
    fn is_wanted(&self) -> bool {
        self.clock.now() < self.job.created_at.plus_secs(self.keep_secs)
    }

    async fn claim(&self, name: &str) -> Result<Claim, StoreError> {
        self.store.claim(&self.job.tenant, name, &self.job.id, ALIVE_SECS * 1000).await
    }

    async fn keep(&self, id: &str, document: &impl Serialize) -> Result<(), StoreError> {
        let json = serde_json::to_vec(document).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let expires_at = self.job.created_at.plus_secs(self.keep_secs);
        self.store.keep_job(&self.job.tenant, id, Bytes::from(json), expires_at).await
    }
}
