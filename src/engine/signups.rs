//! Who may make an account of their own: the tenant, the connection and the organization all have a say.

use crate::engine::Engine;
use crate::engine::authorization::Authorization;
use crate::engine::particulars::Particulars;
use crate::model::connection::Strategy;
use crate::protocol::ids::{ConnectionId, OrganizationId};
use crate::protocol::oauth_error::OAuthError;
use crate::tenancy::TenantView;

impl Engine {
    /// Refuses particulars that no account may have, or that the link which proves an address cannot carry. Whoever has
    /// the address has no part in it, so that the refusal may say what is wrong.
    ///
    /// # Errors
    /// `invalid_request`.
    pub(crate) fn check_particulars(
        &self,
        tenant: &TenantView,
        particulars: &Particulars,
    ) -> Result<(), OAuthError> {
        particulars.check().map_err(|refusal| OAuthError::invalid_request(refusal.to_string()))?;
        let most = self.mailer().signup_bytes_max();
        if tenant.tenant.settings.signup_requires_verification && particulars.weight() > most {
            return Err(OAuthError::invalid_request(format!(
                "The profile and user_metadata are too long: expected at most {most} bytes"
            )));
        }
        Ok(())
    }

    /// Whether somebody may sign up in `connection`, on the way of `asked` if they are on any.
    ///
    /// The tenant's word closes everything. An organization that lists its connections says for itself whether one of
    /// them takes newcomers, also one that is closed elsewhere; who was invited may also come where anybody may.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn offers_signup(
        &self,
        tenant: &TenantView,
        connection: &ConnectionId,
        asked: Option<&Authorization>,
    ) -> Result<bool, OAuthError> {
        let (id, settings) = (&tenant.tenant.id, &tenant.tenant.settings);
        if settings.disable_signup || *connection != settings.default_directory {
            return Ok(false);
        }
        let found = self.cached().connection(id, connection.as_str()).await?;
        if found.as_ref().is_some_and(|connection| connection.strategy != Strategy::Auth0) {
            return Ok(false);
        }
        let open = found.is_none_or(|connection| !connection.options.disable_signup);
        let Some(organization) = asked.and_then(|asked| asked.organization.as_deref()) else {
            return Ok(open);
        };
        let organization = self.cached().organization_by_id(id, &OrganizationId::from(organization)).await?;
        let Some(organization) = organization.filter(|own| !own.enabled_connections.is_empty()) else {
            return Ok(open);
        };
        let invited = asked.is_some_and(|asked| asked.invitation.is_some());
        let enabled = organization.enabled(connection);
        Ok(enabled.is_some_and(|own| own.is_signup_enabled || (invited && open)))
    }
}
