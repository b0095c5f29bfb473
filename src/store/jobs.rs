//! What is known of background jobs, until they expire.

use bytes::Bytes;

use crate::clock::UnixMs;
use crate::protocol::ids::TenantId;
use crate::store::StoreError;

/// Documents about jobs. Each is written by the one node that runs its job. Writes are of the *careful* class.
#[async_trait::async_trait]
pub trait Jobs: Send + Sync {
    /// Keeps `document` as what is known of the job called `id`, in the place of what was, until `expires_at`.
    ///
    /// # Errors
    /// [`StoreError`]; keeping again is safe.
    async fn keep_job(
        &self,
        tenant: &TenantId,
        id: &str,
        document: Bytes,
        expires_at: UnixMs,
    ) -> Result<(), StoreError>;

    /// What is known of the job called `id`, unless it has expired.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn find_job(&self, tenant: &TenantId, id: &str) -> Result<Option<Bytes>, StoreError>;
}
