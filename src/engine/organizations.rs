//! Organizations: who may act in which, and what that permits (design §6).

use std::sync::Arc;

use crate::engine::Engine;
use crate::engine::targets::Target;
use crate::model::client::{Client, OrganizationUsage};
use crate::model::membership::Membership;
use crate::model::organization::Organization;
use crate::model::user::User;
use crate::protocol::ids::{OrganizationId, TenantId};
use crate::protocol::oauth_error::{Fault, OAuthError};

/// A user's standing in an organization.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The organization.
    pub organization: Arc<Organization>,
    /// The user's membership of it.
    pub membership: Arc<Membership>,
}

impl Engine {
    /// The organization called `reference`, an id or a name.
    ///
    /// # Errors
    /// `invalid_request` when there is none.
    pub async fn organization(
        &self,
        tenant: &TenantId,
        reference: &str,
    ) -> Result<Arc<Organization>, OAuthError> {
        let found = self.cached().organization(tenant, reference).await?;
        found.ok_or_else(no_such_organization)
    }

    /// The standing of `user` in the organization called `reference`, an id or a name.
    ///
    /// # Errors
    /// `invalid_request` when there is no such organization, `access_denied` when the user is not a member or of a
    /// connection that the organization does not take.
    pub async fn standing(
        &self,
        tenant: &TenantId,
        user: &User,
        reference: &str,
    ) -> Result<Standing, OAuthError> {
        let organization = self.organization(tenant, reference).await?;
        self.standing_in(tenant, user, organization).await
    }

    /// The standing of `user` in the organization of the login, whose id we sealed: never taken for a name.
    ///
    /// # Errors
    /// As [`Engine::standing`].
    pub async fn standing_of_login(
        &self,
        tenant: &TenantId,
        user: &User,
        id: &str,
    ) -> Result<Standing, OAuthError> {
        let found = self.cached().organization_by_id(tenant, &OrganizationId::from(id)).await?;
        self.standing_in(tenant, user, found.ok_or_else(no_such_organization)?).await
    }

    async fn standing_in(
        &self,
        tenant: &TenantId,
        user: &User,
        organization: Arc<Organization>,
    ) -> Result<Standing, OAuthError> {
        check_connection(&organization, user)?;
        let found = self.actors().memberships.find(tenant, &user.user_id, &organization.id).await?;
        let membership = found.ok_or_else(not_a_member)?;
        Ok(Standing { organization, membership })
    }

    /// What the user may do at `target`: tenant-wide roles, direct permissions, and the roles of `standing`.
    ///
    /// # Errors
    /// `temporarily_unavailable` when roles cannot be read.
    pub async fn permissions(
        &self,
        user: &User,
        standing: Option<&Standing>,
        target: &Target,
    ) -> Result<Vec<String>, OAuthError> {
        if !target.enforces_policies() {
            return Ok(Vec::new());
        }
        let book = self.cached().roles(&user.tenant).await?;
        let inside = standing.map(|standing| standing.membership.roles.as_slice()).unwrap_or_default();
        let held = book.permissions(user.roles.iter().chain(inside), &target.audience);
        let mut permissions: Vec<String> = held.into_iter().map(str::to_owned).collect();
        let direct = user.permissions.iter().filter(|own| own.resource_server_identifier == target.audience);
        permissions.extend(direct.map(|own| own.permission_name.clone()));
        permissions.sort_unstable();
        permissions.dedup();
        Ok(permissions)
    }
}

/// Refuses a user whose connection is not enabled for the organization.
///
/// # Errors
/// `access_denied`.
pub fn check_connection(organization: &Organization, user: &User) -> Result<(), OAuthError> {
    if organization.admits(&user.connection) {
        return Ok(());
    }
    let description = "The user's connection is not enabled for the organization";
    Err(OAuthError::access_denied(Fault::User, description))
}

/// Whether the client's users may come with (`true`) or without an organization.
///
/// # Errors
/// `invalid_request` with Auth0's wording.
pub fn check_usage(client: &Client, has_organization: bool) -> Result<(), OAuthError> {
    match (client.organization_usage, has_organization) {
        (OrganizationUsage::Deny, true) => {
            Err(OAuthError::invalid_request("parameter organization is not allowed for this client"))
        }
        (OrganizationUsage::Require, false) => {
            Err(OAuthError::invalid_request("parameter organization is required for this client"))
        }
        _ => Ok(()),
    }
}

fn no_such_organization() -> OAuthError {
    OAuthError::invalid_request("The organization does not exist")
}

fn not_a_member() -> OAuthError {
    OAuthError::access_denied(Fault::User, "The user is not a member of the organization")
}
