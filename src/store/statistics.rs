//! What a tenant's days came to. The log counts: [`AuditLog::append`](crate::store::AuditLog::append) adds what it
//! writes, so that counting asks the store for nothing more.

use crate::model::statistics::{Counts, Day};
use crate::protocol::ids::TenantId;
use crate::store::StoreError;

/// Counts by day.
#[async_trait::async_trait]
pub trait Statistics: Send + Sync {
    /// The days from `from` to `to`, both included, on which anything was counted, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn days(&self, tenant: &TenantId, from: Day, to: Day) -> Result<Vec<(Day, Counts)>, StoreError>;

    /// About how many different users logged in or signed up from `from` to `to`, both included: small numbers
    /// almost exactly, large ones with a standard error below 2 %.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn active_users(&self, tenant: &TenantId, from: Day, to: Day) -> Result<u64, StoreError>;
}
