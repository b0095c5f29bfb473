//! Log events of a tenant, newest first, kept for a while.

use crate::model::log_event::LogEvent;
use crate::protocol::ids::TenantId;
use crate::store::StoreError;

/// A log event with the id under which it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Later events have greater ids, in byte order.
    pub id: String,
    /// The event.
    pub event: LogEvent,
}

/// Log events.
#[async_trait::async_trait]
pub trait AuditLog: Send + Sync {
    /// Appends events, of any tenants, and counts them as [`crate::store::Statistics`] tells it.
    ///
    /// # Errors
    /// [`StoreError`]; appending again may duplicate events.
    async fn append(&self, events: &[LogEvent]) -> Result<(), StoreError>;

    /// The event called `id`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn event(&self, tenant: &TenantId, id: &str) -> Result<Option<Logged>, StoreError>;

    /// At most `take` events of a tenant, oldest first, younger than `after` (an id); from the oldest on without it,
    /// and nothing after an id that was never given.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn since(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        take: usize,
    ) -> Result<Vec<Logged>, StoreError>;

    /// At most `take` events of a tenant, newest first, older than `before` (an id).
    ///
    /// # Errors
    /// [`StoreError`].
    async fn recent(
        &self,
        tenant: &TenantId,
        before: Option<&str>,
        take: usize,
    ) -> Result<Vec<Logged>, StoreError>;

    /// Forgets at most `take` events of a tenant, and with the last of them what was counted; `true` when there
    /// may be more.
    ///
    /// # Errors
    /// [`StoreError`]; forgetting again is safe.
    async fn forget_events(&self, tenant: &TenantId, take: usize) -> Result<bool, StoreError>;
}
