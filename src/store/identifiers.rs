//! Names that only one document may have: claimed first, confirmed when the document stands.

use crate::protocol::ids::TenantId;
use crate::store::StoreError;

/// What a claim did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The name is held for the caller (or already was theirs).
    Held,
    /// Somebody else has it.
    Taken {
        /// The owner's id.
        by: String,
    },
}

/// Unique names within a tenant (design §7): claim, write the record, confirm. A claim that nobody confirms
/// expires. Writes are of the *careful* class.
#[async_trait::async_trait]
pub trait Identifiers: Send + Sync {
    /// Holds `name` for `owner` for `hold_ms` milliseconds, unless somebody else has it. A name already
    /// confirmed for `owner` stays confirmed.
    ///
    /// # Errors
    /// [`StoreError`]; claiming again for the same owner is safe.
    async fn claim(
        &self,
        tenant: &TenantId,
        name: &str,
        owner: &str,
        hold_ms: u64,
    ) -> Result<Claim, StoreError>;

    /// Makes a held name permanent; `false` when `owner` does not hold it (any more).
    ///
    /// # Errors
    /// [`StoreError`]; confirming again is safe.
    async fn confirm(&self, tenant: &TenantId, name: &str, owner: &str) -> Result<bool, StoreError>;

    /// Gives a name up; `false` when `owner` did not have it.
    ///
    /// # Errors
    /// [`StoreError`]; releasing again is safe.
    async fn release(&self, tenant: &TenantId, name: &str, owner: &str) -> Result<bool, StoreError>;

    /// Who has `name`, held or confirmed.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn resolve(&self, tenant: &TenantId, name: &str) -> Result<Option<String>, StoreError>;
}
