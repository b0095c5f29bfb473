//! An import under way: record after record, a few abreast, each with its own fate.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use super::desk::Desk;
use crate::engine::records::bulk::{self, Fault};
use crate::engine::records::{Outcome, Refusal, Registrar};
use crate::model::job::{Job, Progress};
use crate::model::tenant::Tenant;

/// How often a record is tried that somebody else wrote at the same time, or that the store did not take.
const TRIES: u32 = 20;

/// What is to be imported.
pub(super) struct Import {
    pub(super) registrar: Registrar,
    pub(super) tenant: Tenant,
    pub(super) records: Vec<Box<RawValue>>,
    /// How many of them are under way at once.
    pub(super) abreast: usize,
}

impl Import {
    /// Waits for its turn, imports everything, and tells.
    pub(super) async fn run(self, mut desk: Desk, running: &Arc<Semaphore>, errors_max: usize) {
        let Some(_permit) = desk.turn(running).await else { return desk.leave().await };
        desk.job.progress = Progress::Processing;
        desk.job.begun_at = Some(self.registrar.now());
        if let Err(error) = desk.tell().await {
            tracing::warn!(%error, "the store could not be told that a job has begun");
        }
        let job = desk.job.clone();
        let mut errors = Vec::new();
        let all = stream::iter(0..self.records.len());
        let mut outcomes = all.map(|at| self.at(at, &job)).buffered(self.abreast);
        while let Some((raw, outcome)) = outcomes.next().await {
            let summary = &mut desk.job.summary;
            match outcome {
                Ok(Outcome::Created) => summary.inserted += 1,
                Ok(Outcome::Unchanged | Outcome::Updated) => summary.updated += 1,
                Err(faults) => {
                    summary.failed += 1;
                    if errors.len() < errors_max {
                        errors.push(bulk::refused(raw, faults));
                    }
                }
            }
            desk.tell_if_due().await;
        }
        drop(outcomes);
        desk.end(Progress::Completed, &errors).await;
    }

    /// Imports the record at this place of the file.
    async fn at(&self, at: usize, job: &Job) -> (&str, Result<Outcome, Vec<Fault>>) {
        let raw = self.records.get(at).map_or("", |raw| raw.get());
        (raw, self.one(raw, job).await)
    }

    /// Imports one record.
    async fn one(&self, raw: &str, job: &Job) -> Result<Outcome, Vec<Fault>> {
        let draft = bulk::read(raw, &job.connection)?;
        let mut tries = 1;
        loop {
            let put = self.registrar.put_bulk_user(&self.tenant, draft.clone(), job.upsert).await;
            let again = match &put {
                Err(Refusal::Busy { .. } | Refusal::Conflict | Refusal::Store(_)) => true,
                // Of two who make one user at once, the second finds it.
                Err(Refusal::Exists | Refusal::Missing | Refusal::NameTaken { .. }) => {
                    job.upsert && tries < 3
                }
                Err(Refusal::InUse(_) | Refusal::Invalid(_) | Refusal::Ours(_) | Refusal::Password(_))
                | Ok(_) => false,
            };
            if !again || tries == TRIES {
                return put.map_err(|refusal| bulk::faults(&refusal));
            }
            tries += 1;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
