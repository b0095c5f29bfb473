//! Background jobs: ordered, bounded by tenant and by node, run one after another for each tenant.
//!
//! The node that takes an order does the work; the store knows how far it is, not what was uploaded. When the node dies,
//! nobody begins again: what it did stays, and the job is shown as failed as soon as its node has been silent for
//! [`ALIVE_SECS`]. Importing the same file again, with `upsert`, is safe.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use crate::config::jobs::Jobs as Settings;
use crate::engine::Engine;
use crate::engine::records::{Refusal, mint};
use crate::engine::registrar::registrar;
use crate::model::job::{Job, Progress, Summary};
use crate::model::tenant::Tenant;
use crate::protocol::ids::{ConnectionId, TenantId};
use crate::store::identifiers::Claim;
use crate::store::{SharedStore, StoreError};

mod desk;
mod import;

use desk::Desk;
use import::Import;

/// How long a node that works on a job may be silent, in seconds, before it is taken for dead.
pub const ALIVE_SECS: u64 = 30;

/// What the other parts of an uploaded form may take, in bytes.
const FORM_BYTES: usize = 16 * 1024;

/// An import that is wanted.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// Where the users go; it exists.
    pub connection: ConnectionId,
    /// Its id, as it was given.
    pub connection_id: String,
    /// Whether users that exist are changed rather than refused.
    pub upsert: bool,
    /// A name of the caller's own.
    pub external_id: Option<String>,
    /// Kept and shown; there is nobody to write to.
    pub send_completion_email: bool,
    /// The file: a JSON array.
    pub users: &'a str,
}

/// Why an import was not begun; nothing was.
#[derive(Debug)]
pub enum Declined {
    /// The fault is ours, or the moment's.
    Error(Refusal),
    /// This node holds as many jobs as it may.
    NoRoom,
    /// The file is no JSON array: why.
    NoUsers(String),
    /// The file is too large.
    TooLarge {
        /// How large it may be.
        bytes_max: usize,
    },
    /// The tenant has as many jobs as it may.
    TooMany {
        /// How many that is.
        most: u64,
    },
}

/// Where jobs of this node wait and run.
pub(crate) struct Yard {
    settings: Settings,
    held: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

impl Yard {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            held: Arc::new(Semaphore::new(settings.per_node_max)),
            running: Arc::new(Semaphore::new(settings.running_max)),
        }
    }

    /// How many records of a file are imported at once.
    pub(crate) fn file_import_abreast(&self) -> usize {
        self.settings.file_import_abreast
    }

    /// The largest form that may be uploaded, in bytes.
    pub(crate) fn upload_bytes_max(&self) -> usize {
        self.settings.users_import_bytes_max + FORM_BYTES
    }
}

impl Engine {
    /// Begins to import users, in the background.
    ///
    /// # Errors
    /// [`Declined`].
    pub async fn import_users(&self, tenant: &Tenant, order: Order<'_>) -> Result<Job, Declined> {
        let yard = self.yard();
        let bytes_max = yard.settings.users_import_bytes_max;
        if order.users.len() > bytes_max {
            return Err(Declined::TooLarge { bytes_max });
        }
        let users = order.users.trim_start_matches('\u{feff}');
        let records: Vec<Box<RawValue>> =
            serde_json::from_str(users).map_err(|error| Declined::NoUsers(error.to_string()))?;
        let permit = Arc::clone(&yard.held).try_acquire_owned().map_err(|_| Declined::NoRoom)?;
        let id = mint::base62(self.entropy(), "job_", 16).map_err(Refusal::from)?;
        let place = take_place(self.store(), &tenant.id, &id, yard.settings.per_tenant_max).await?;
        let job = self.fresh(tenant, id, order, records.len() as u64);
        let (store, clock) = (Arc::clone(self.store()), self.clock().clone());
        let desk = Desk::new(store, clock, (job.clone(), place), &yard.settings);
        if let Err(error) = desk.tell().await {
            desk.leave().await;
            return Err(Declined::from(error));
        }
        let abreast = yard.settings.users_import_abreast;
        let import = Import { registrar: registrar(self), tenant: tenant.clone(), records, abreast };
        let (running, errors_max) = (Arc::clone(&yard.running), yard.settings.errors_max);
        tokio::spawn(async move {
            import.run(desk, &running, errors_max).await;
            drop(permit);
        });
        Ok(job)
    }

    /// The job called `id`, unless it has expired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn job(&self, tenant: &TenantId, id: &str) -> Result<Option<Job>, StoreError> {
        if !mint::is_prefixed(id, "job_") {
            return Ok(None);
        }
        self.store().find_job(tenant, id).await?.map(|document| read(&document)).transpose()
    }

    /// The records of a job that were refused, each with what was wrong: a JSON array.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn job_errors(&self, job: &Job) -> Result<Value, StoreError> {
        let document = self.store().find_job(&job.tenant, &errors_of(&job.id)).await?;
        document.map_or_else(|| Ok(Value::Array(Vec::new())), |document| read(&document))
    }

    fn fresh(&self, tenant: &Tenant, id: String, order: Order<'_>, total: u64) -> Job {
        let now = self.now();
        Job {
            tenant: tenant.id.clone(),
            id,
            connection: order.connection,
            connection_id: order.connection_id,
            upsert: order.upsert,
            external_id: order.external_id,
            send_completion_email: order.send_completion_email,
            progress: Progress::Pending,
            total,
            summary: Summary::default(),
            created_at: now,
            begun_at: None,
            alive_until: now.plus_secs(ALIVE_SECS),
        }
    }
}

/// A place among the jobs that the tenant may have: a name that is held as long as the job lives.
async fn take_place(store: &SharedStore, tenant: &TenantId, id: &str, most: u64) -> Result<String, Declined> {
    for at in 0..most {
        let place = format!("job:{at}");
        if store.claim(tenant, &place, id, ALIVE_SECS * 1000).await? == Claim::Held {
            return Ok(place);
        }
    }
    Err(Declined::TooMany { most })
}

/// Under which name the errors of the job called `id` are kept.
fn errors_of(id: &str) -> String {
    format!("{id}/errors")
}

fn read<T: serde::de::DeserializeOwned>(document: &Bytes) -> Result<T, StoreError> {
    serde_json::from_slice(document).map_err(|error| StoreError::Corrupt(format!("a job: {error}")))
}

impl From<Refusal> for Declined {
    fn from(refusal: Refusal) -> Self {
        Self::Error(refusal)
    }
}

impl From<StoreError> for Declined {
    fn from(error: StoreError) -> Self {
        Self::Error(error.into())
    }
}
