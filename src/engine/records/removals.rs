//! Removals: a record goes, and with it whatever would come to life again with a new one of its name.

use crate::engine::records::{Refusal, Registrar};
use crate::model::change::Change;
use crate::model::client::Client;
use crate::model::client_grant::ClientGrant;
use crate::model::consent::Consent;
use crate::model::credential::Credential;
use crate::model::membership::Membership;
use crate::model::organization::Organization;
use crate::model::record::Record;
use crate::model::resource_server::ResourceServer;
use crate::model::role::Role;
use crate::model::user::User;
use crate::protocol::ids::{OrganizationId, TenantId, UserId};
use crate::store::catalog::{Saved, Versioned};
use crate::store::records::Expect;

/// Documents read at once.
const STEP: usize = 200;

impl Registrar {
    /// Removes a client and its grants.
    ///
    /// # Errors
    /// [`Refusal::Missing`]; removing again is safe.
    pub async fn remove_client(&self, tenant: &TenantId, id: &str) -> Result<Client, Refusal> {
        let client = self.gone::<Client>(tenant, id).await?;
        // Grants are kept in order of client; `|` parts client and audience.
        let prefix = format!("{id}|");
        let mut after = prefix.clone();
        loop {
            let (grants, next) = self.catalog.page::<ClientGrant>(tenant, Some(&after), STEP).await?;
            for grant in &grants {
                let key = grant.record.id();
                if !key.starts_with(&prefix) {
                    return Ok(client);
                }
                self.catalog.remove::<ClientGrant>(tenant, &key).await?;
            }
            match next {
                Some(next) => after = next,
                None => return Ok(client),
            }
        }
    }

    /// Removes a client grant.
    ///
    /// # Errors
    /// [`Refusal::Missing`].
    pub async fn remove_client_grant(&self, grant: &ClientGrant) -> Result<(), Refusal> {
        self.gone::<ClientGrant>(&grant.tenant, &grant.id()).await.map(|_| ())
    }

    /// Removes a resource server, the grants for it, and what roles permit at it.
    ///
    /// # Errors
    /// [`Refusal::Missing`]; removing again is safe.
    pub async fn remove_resource_server(&self, api: &ResourceServer) -> Result<(), Refusal> {
        let tenant = &api.tenant;
        for role in self.catalog.all::<Role>(tenant).await? {
            self.strip_role(role, api).await?;
        }
        for grant in self.catalog.all::<ClientGrant>(tenant).await? {
            if grant.audience == api.identifier {
                self.catalog.remove::<ClientGrant>(tenant, &grant.id()).await?;
            }
        }
        self.gone::<ResourceServer>(tenant, api.identifier.as_str()).await.map(|_| ())
    }

    /// Removes a role; whoever held it holds nothing by it.
    ///
    /// # Errors
    /// [`Refusal::Missing`].
    pub async fn remove_role(&self, tenant: &TenantId, id: &str) -> Result<(), Refusal> {
        self.gone::<Role>(tenant, id).await.map(|_| ())
    }

    /// Removes an organization, all memberships of it and all invitations to it.
    ///
    /// # Errors
    /// [`Refusal::Missing`]; removing again is safe.
    pub async fn remove_organization(&self, tenant: &TenantId, id: &OrganizationId) -> Result<(), Refusal> {
        // First the organization, so that nobody joins any more.
        self.gone::<Organization>(tenant, id.as_str()).await?;
        self.remove_invitations(tenant, id).await?;
        loop {
            let members = self.catalog.store().members_of(tenant, id, None, STEP).await?;
            if members.is_empty() {
                return Ok(());
            }
            self.leave_all(&members).await?;
        }
    }

    /// Removes a user with password, consents and memberships; the caller ends the sessions.
    ///
    /// # Errors
    /// [`Refusal::Missing`]; removing again is safe.
    pub async fn remove_user(&self, tenant: &TenantId, id: &UserId) -> Result<User, Refusal> {
        // First the user: from here on nothing of theirs is admitted.
        let user = self.gone::<User>(tenant, id.as_str()).await?;
        self.catalog.remove::<Credential>(tenant, id.as_str()).await?;
        self.forget_consents(tenant, id).await?;
        loop {
            let memberships = self.catalog.store().organizations_of(tenant, id, None, STEP).await?;
            if memberships.is_empty() {
                return Ok(user);
            }
            self.leave_all(&memberships).await?;
        }
    }

    /// Whoever is made anew under the id of a user has consented to nothing.
    async fn forget_consents(&self, tenant: &TenantId, id: &UserId) -> Result<(), Refusal> {
        let prefix = Consent::prefix(id);
        loop {
            let (some, _) = self.catalog.page::<Consent>(tenant, Some(&prefix), STEP).await?;
            if some.is_empty() {
                return Ok(());
            }
            for found in some {
                // Consents are kept in order of user.
                if found.record.user != *id {
                    return Ok(());
                }
                self.catalog.remove::<Consent>(tenant, &found.record.id()).await?;
            }
        }
    }

    /// Removes one member; `false` when there was no such membership.
    ///
    /// # Errors
    /// [`Refusal::Store`]; removing again is safe.
    pub async fn remove_member(
        &self,
        tenant: &TenantId,
        user: &UserId,
        organization: &OrganizationId,
    ) -> Result<bool, Refusal> {
        let left = self.catalog.store().leave(tenant, user, organization).await?;
        let (tenant, user, organization) = (tenant.clone(), user.clone(), organization.clone());
        self.catalog.store().publish(&Change::Membership { tenant, user, organization }).await?;
        Ok(left)
    }

    async fn leave_all(&self, memberships: &[Membership]) -> Result<(), Refusal> {
        for Membership { tenant, user, organization, .. } in memberships {
            self.remove_member(tenant, user, organization).await?;
        }
        Ok(())
    }

    async fn gone<T: Record>(&self, tenant: &TenantId, id: &str) -> Result<T, Refusal> {
        if self.expected.is_some() {
            self.still(self.catalog.find::<T>(tenant, id).await?)?;
        }
        self.catalog.remove::<T>(tenant, id).await?.ok_or(Refusal::Missing)
    }

    /// Takes from a role what it permits at `api`.
    async fn strip_role(&self, mut role: Role, api: &ResourceServer) -> Result<(), Refusal> {
        let elsewhere =
            |own: &crate::model::role::Permission| own.resource_server_identifier != api.identifier;
        if role.permissions.iter().all(elsewhere) {
            return Ok(());
        }
        let Some(Versioned { version, .. }) =
            self.catalog.find::<Role>(&role.tenant, role.id.as_str()).await?
        else {
            return Ok(());
        };
        role.permissions.retain(elsewhere);
        match self.catalog.save(&role, Expect::Version(version)).await? {
            Saved::Saved { .. } => Ok(()),
            Saved::Conflict | Saved::NameTaken(_) => Err(Refusal::Conflict),
        }
    }
}
