//! Who belongs to which organization, from both sides.

use crate::model::membership::Membership;
use crate::protocol::ids::{OrganizationId, TenantId, UserId};
use crate::store::StoreError;

/// Memberships. Writes are of the *careful* class; `find` is one point look-up however many there are.
#[async_trait::async_trait]
pub trait Memberships: Send + Sync {
    /// Adds a membership or replaces its roles; `true` when it is new.
    ///
    /// # Errors
    /// [`StoreError`]; joining again is safe.
    async fn join(&self, membership: &Membership) -> Result<bool, StoreError>;

    /// Removes a membership; `false` when there was none.
    ///
    /// # Errors
    /// [`StoreError`]; leaving again is safe.
    async fn leave(
        &self,
        tenant: &TenantId,
        user: &UserId,
        organization: &OrganizationId,
    ) -> Result<bool, StoreError>;

    /// The membership of `user` in `organization`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn find_membership(
        &self,
        tenant: &TenantId,
        user: &UserId,
        organization: &OrganizationId,
    ) -> Result<Option<Membership>, StoreError>;

    /// At most `take` organizations of a user, in byte order of id, after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn organizations_of(
        &self,
        tenant: &TenantId,
        user: &UserId,
        after: Option<&str>,
        take: usize,
    ) -> Result<Vec<Membership>, StoreError>;

    /// At most `take` members of an organization, in byte order of user id, after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn members_of(
        &self,
        tenant: &TenantId,
        organization: &OrganizationId,
        after: Option<&str>,
        take: usize,
    ) -> Result<Vec<Membership>, StoreError>;
}
