//! A membership: one user in one organization, with the roles held there and nowhere else.

use serde::{Deserialize, Serialize};

use crate::protocol::ids::{OrganizationId, RoleId, TenantId, UserId};

/// One user in one organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The tenant of both.
    pub tenant: TenantId,
    /// The member.
    pub user: UserId,
    /// The organization.
    pub organization: OrganizationId,
    /// Roles held inside this organization only.
    pub roles: Vec<RoleId>,
}
