//! Invitations on the way through the login pages: looked at whenever a page is left, accepted with the answer.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::engine::Engine;
use crate::engine::authorization::Authorization;
use crate::engine::organizations::{Standing, check_connection};
use crate::engine::records::memberships::MembershipDraft;
use crate::engine::records::users::UserDraft;
use crate::engine::records::{Mode, Refusal};
use crate::engine::registrar::registrar;
use crate::model::invitation::Invitation;
use crate::model::organization::Organization;
use crate::model::record::Record as _;
use crate::model::user::User;
use crate::protocol::ids::TenantId;
use crate::protocol::oauth_error::{Fault, OAuthError};
use crate::signing::sealing::Purpose;
use crate::store::catalog::{Saved, Versioned};
use crate::store::records::Expect;
use crate::tenancy::TenantView;

impl Engine {
    /// The ticket of an invitation; always the same, and kept nowhere.
    ///
    /// # Errors
    /// `server_error`.
    pub fn invitation_ticket(&self, invitation: &Invitation) -> Result<String, OAuthError> {
        let id = invitation.id.as_bytes();
        let sealed = self.sealer().seal(Purpose::Invitation, &invitation.tenant, id, id);
        sealed.map_err(|error| OAuthError::server_error(error.to_string()))
    }

    /// The invitation that `ticket` stands for, if it counts for what is asked. Nothing is consumed.
    ///
    /// # Errors
    /// `invalid_request` for a ticket that is not ours, of another tenant, organization or application, revoked, used
    /// or expired.
    pub async fn invited(
        &self,
        tenant: &TenantId,
        ticket: &str,
        asked: &Authorization,
    ) -> Result<Invitation, OAuthError> {
        let Some(organization) = &asked.organization else {
            return Err(OAuthError::invalid_request("An invitation needs the parameter organization"));
        };
        let id = self.sealer().open(Purpose::Invitation, tenant, ticket);
        let id = id.and_then(|id| String::from_utf8(id.to_vec()).ok()).ok_or_else(not_valid)?;
        let found = self.standing_invitation(tenant, &id).await?.ok_or_else(not_valid)?.record;
        if found.organization_id.as_str() != organization || found.client_id.as_str() != asked.client {
            return Err(not_valid().because("another organization or application"));
        }
        if found.accepted_by.is_some() {
            return Err(not_valid().because("accepted"));
        }
        if found.is_over(self.now()) { Err(expired()) } else { Ok(found) }
    }

    /// The invitation on whose way `user` comes, unless it has been accepted: then they are a member, or not.
    ///
    /// # Errors
    /// `access_denied` when it is for somebody else, `invalid_request` when it has expired.
    pub async fn invitation_of(
        &self,
        tenant: &TenantId,
        asked: &Authorization,
        user: &User,
    ) -> Result<Option<Versioned<Invitation>>, OAuthError> {
        let Some(id) = &asked.invitation else { return Ok(None) };
        let Some(found) = self.standing_invitation(tenant, id).await? else { return Ok(None) };
        if !found.record.is_for(user.email.as_deref(), &user.connection) {
            return Err(OAuthError::access_denied(
                Fault::User,
                "The invitation is for another email address or connection",
            ));
        }
        let began = found.record.accepted_by.as_ref() == Some(&user.user_id);
        if !began && found.record.is_over(self.now()) { Err(expired()) } else { Ok(Some(found)) }
    }

    /// Accepts an invitation for `user`, whom it is for: they are a member with its roles, and it is gone. What was
    /// begun and not finished is finished by the same user.
    ///
    /// # Errors
    /// `invalid_request` when somebody else was first or it was revoked meanwhile; `access_denied` when the
    /// organization does not take users of this connection.
    pub async fn accept_invitation(
        &self,
        tenant: &TenantView,
        user: &User,
        found: Versioned<Invitation>,
    ) -> Result<(), OAuthError> {
        let Versioned { version, mut record } = found;
        let id = &tenant.tenant.id;
        let organization = self.cached().organization_by_id(id, &record.organization_id).await?;
        let organization = organization.ok_or_else(not_valid)?;
        check_connection(&organization, user)?;
        match &record.accepted_by {
            Some(by) if *by == user.user_id => {}
            Some(_) => return Err(not_valid()),
            None => {
                record.accepted_by = Some(user.user_id.clone());
                let saved = self.cached().catalog().save(&record, Expect::Version(version)).await?;
                if !matches!(saved, Saved::Saved { .. }) && !self.has_it(user, &record).await? {
                    return Err(not_valid());
                }
            }
        }
        self.join_with(tenant, user, &organization, &record).await?;
        self.lay_metadata(tenant, user, &record).await?;
        self.cached().catalog().remove::<Invitation>(id, &record.id).await?;
        Ok(())
    }

    /// The standing of somebody who logs in to the organization called `id`: a connection may make members of all who
    /// come by it.
    ///
    /// # Errors
    /// As [`Engine::standing_of_login`].
    pub async fn standing_at_login(
        &self,
        tenant: &TenantView,
        user: &User,
        id: &str,
    ) -> Result<Standing, OAuthError> {
        let standing = self.standing_of_login(&tenant.tenant.id, user, id).await;
        let Err(refusal) = standing else { return standing };
        let found = self.cached().organization_by_id(&tenant.tenant.id, &id.into()).await?;
        let Some(organization) = found.filter(|organization| {
            organization.enabled(&user.connection).is_some_and(|own| own.assign_membership_on_login)
        }) else {
            return Err(refusal);
        };
        self.join(tenant, user, &organization, None).await?;
        self.standing_of_login(&tenant.tenant.id, user, id).await
    }

    /// Whether the same person was first, in another tab: then they are joining, or have joined.
    async fn has_it(&self, user: &User, record: &Invitation) -> Result<bool, OAuthError> {
        if let Some(found) = self.standing_invitation(&record.tenant, &record.id).await? {
            return Ok(found.record.accepted_by.as_ref() == Some(&user.user_id));
        }
        let (tenant, organization) = (&record.tenant, &record.organization_id);
        Ok(self.store().find_membership(tenant, &user.user_id, organization).await?.is_some())
    }

    async fn standing_invitation(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<Versioned<Invitation>>, OAuthError> {
        Ok(self.cached().catalog().find::<Invitation>(tenant, id).await?)
    }

    /// Makes `user` a member with the roles that the invitation names and that still exist, and those they have.
    async fn join_with(
        &self,
        tenant: &TenantView,
        user: &User,
        organization: &Arc<Organization>,
        invitation: &Invitation,
    ) -> Result<(), OAuthError> {
        let id = &tenant.tenant.id;
        let before = self.store().find_membership(id, &user.user_id, &organization.id).await?;
        let held = before.map(|membership| membership.roles).unwrap_or_default();
        let registrar = registrar(self);
        let mut roles: Vec<String> = Vec::new();
        for role in held.iter().chain(&invitation.roles) {
            let exists = registrar.role(&tenant.tenant, role.as_str()).await.map_err(refused)?.is_some();
            if exists && !roles.iter().any(|own| own == role.as_str()) {
                roles.push(role.to_string());
            }
        }
        self.join(tenant, user, organization, Some(roles)).await
    }

    async fn join(
        &self,
        tenant: &TenantView,
        user: &User,
        organization: &Organization,
        roles: Option<Vec<String>>,
    ) -> Result<(), OAuthError> {
        let draft = MembershipDraft {
            organization: organization.id.to_string(),
            user: user.user_id.to_string(),
            roles,
        };
        registrar(self).put_membership(&tenant.tenant, draft, Mode::Import).await.map_err(refused)?;
        self.actors().memberships.forget(&tenant.tenant.id, &user.user_id, &organization.id);
        Ok(())
    }

    /// What the invitation says of a user who was made after it; what they say of themselves stands.
    async fn lay_metadata(
        &self,
        tenant: &TenantView,
        user: &User,
        invitation: &Invitation,
    ) -> Result<(), OAuthError> {
        let nothing = invitation.app_metadata.is_empty() && invitation.user_metadata.is_empty();
        if nothing || user.created_at < invitation.created_at {
            return Ok(());
        }
        let laid = |under: &Map<String, Value>, own: &Map<String, Value>| {
            let mut under = under.clone();
            under.extend(own.clone());
            Some(under)
        };
        let draft = UserDraft {
            user_id: Some(user.user_id.to_string()),
            app_metadata: laid(&invitation.app_metadata, &user.app_metadata),
            user_metadata: laid(&invitation.user_metadata, &user.user_metadata),
            ..UserDraft::default()
        };
        let put = registrar(self).put_user(&tenant.tenant, draft, Mode::Update).await.map_err(refused)?;
        self.cached().apply(&put.record.change());
        Ok(())
    }
}

/// One wording for every invitation that is not (or no longer) good.
fn not_valid() -> OAuthError {
    OAuthError::invalid_request("The invitation is not valid, was revoked, or has been used")
}

fn expired() -> OAuthError {
    OAuthError::invalid_request("The invitation has expired")
}

/// What was checked before it was asked for and yet is refused: somebody changed it in between.
fn refused(refusal: Refusal) -> OAuthError {
    match refusal {
        Refusal::Store(error) => error.into(),
        Refusal::Ours(cause) => OAuthError::server_error(cause),
        Refusal::Busy { .. }
        | Refusal::Conflict
        | Refusal::Exists
        | Refusal::Invalid(_)
        | Refusal::InUse(_)
        | Refusal::Missing
        | Refusal::NameTaken { .. }
        | Refusal::Password(_) => OAuthError::unavailable(refusal.to_string()),
    }
}
