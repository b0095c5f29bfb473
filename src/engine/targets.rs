//! Whom an access token is for: a registered resource server, or the tenant's own userinfo endpoint.

use std::sync::Arc;

use crate::engine::{Engine, management_api};
use crate::model::resource_server::ResourceServer;
use crate::model::signing_key::Algorithm;
use crate::protocol::ids::Audience;
use crate::protocol::oauth_error::{Fault, OAuthError};
use crate::protocol::scope::Scope;
use crate::tenancy::TenantView;

/// Scopes that belong to OpenID Connect and not to a resource server.
pub const OPENID_SCOPES: [&str; 6] = ["openid", "profile", "email", "phone", "address", "offline_access"];

/// A resolved audience.
#[derive(Clone, Debug)]
pub struct Target {
    /// The `aud` of the token.
    pub audience: Audience,
    /// The resource server; `None` for the userinfo endpoint.
    pub resource_server: Option<Arc<ResourceServer>>,
}

impl Target {
    /// What signs the access token.
    pub fn algorithm(&self) -> Algorithm {
        self.resource_server.as_ref().map_or(Algorithm::EdDsa, |server| server.signing_alg)
    }

    /// How long the access token lives, in seconds.
    pub fn lifetime_secs(&self, tenant: &TenantView) -> u64 {
        let own = self.resource_server.as_ref().and_then(|server| server.token_lifetime);
        own.unwrap_or(tenant.tenant.settings.access_token_lifetime)
    }

    /// Whether refresh tokens may be had.
    pub fn allows_offline_access(&self) -> bool {
        self.resource_server.as_ref().is_none_or(|server| server.allow_offline_access)
    }

    /// Whether a user's scopes are limited to permissions.
    pub fn enforces_policies(&self) -> bool {
        self.resource_server.as_ref().is_some_and(|server| server.enforce_policies)
    }

    /// Whether the access token carries `permissions`.
    pub fn wants_permissions(&self) -> bool {
        let server = self.resource_server.as_ref();
        server.is_some_and(|server| server.enforce_policies && server.token_dialect.has_permissions())
    }

    /// The part of `asked` that this target knows; unknown scopes are left out, as Auth0 does.
    pub fn known(&self, asked: &Scope) -> Scope {
        let server = self.resource_server.as_ref();
        asked.filtered(|token| {
            OPENID_SCOPES.contains(&token) || server.is_some_and(|server| server.knows(token))
        })
    }

    /// The part of `known` that a user with `permissions` has here.
    pub fn permitted(&self, known: &Scope, permissions: &[String]) -> Scope {
        if !self.enforces_policies() {
            return known.clone();
        }
        known.filtered(|token| OPENID_SCOPES.contains(&token) || permissions.iter().any(|own| own == token))
    }
}

impl Engine {
    /// Resolves `audience`, or the tenant's default, or the userinfo endpoint.
    ///
    /// # Errors
    /// `access_denied` (403, as Auth0 answers) when no such resource server is registered.
    pub async fn target(&self, tenant: &TenantView, audience: Option<&str>) -> Result<Target, OAuthError> {
        let default = tenant.tenant.settings.default_audience.as_ref();
        let Some(asked) = audience.or(default.map(Audience::as_str)) else { return Ok(userinfo(tenant)) };
        if asked == tenant.userinfo.as_str() {
            return Ok(userinfo(tenant));
        }
        let asked = if asked == management_api::ALIAS { tenant.management.as_str() } else { asked };
        let found = self.cached().resource_server(&tenant.tenant.id, asked).await?;
        let server = found.ok_or_else(|| unknown_audience(asked))?;
        Ok(Target { audience: server.identifier.clone(), resource_server: Some(server) })
    }
}

fn userinfo(tenant: &TenantView) -> Target {
    Target { audience: tenant.userinfo.clone(), resource_server: None }
}

fn unknown_audience(asked: &str) -> OAuthError {
    let shown: String = asked.chars().filter(|c| !c.is_control()).take(200).collect();
    OAuthError::access_denied(Fault::Client, format!("Service not enabled within domain: {shown}"))
}
