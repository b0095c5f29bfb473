//! `client_credentials` (RFC 6749 §4.4): a client in its own name, within its client grant. No store round trip.

use crate::claims::{Facts, Subject};
use crate::engine::targets::Target;
use crate::grants::{Grant, Granted, Request};
use crate::model::client::OrganizationUsage;
use crate::model::client_grant::ClientGrant;
use crate::model::log_event::EventType;
use crate::model::organization::Organization;
use crate::protocol::grant_type::GrantType;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::protocol::scope::Scope;
use std::sync::Arc;

/// This grant.
pub const GRANT: Grant = Grant {
    name: GrantType::ClientCredentials,
    parameters: &["audience", "scope", "organization"],
    events: (EventType::Seccft, EventType::Feccft),
    redeem: |request| Box::pin(redeem(request)),
};

async fn redeem(request: Request<'_>) -> Result<Granted, OAuthError> {
    let Request { engine, exchange, caller, form } = request;
    let tenant = exchange.tenant();
    let client = caller.client();
    if !caller.is_confidential() {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            Fault::Client,
            "A public client cannot use client_credentials",
        ));
    }
    if form.value("audience").is_none() && tenant.tenant.settings.default_audience.is_none() {
        return Err(OAuthError::access_denied(
            Fault::Client,
            "No audience parameter was provided, and no default audience has been configured",
        ));
    }
    let target = engine.target(tenant, form.value("audience")).await?;
    let found = engine.cached().client_grant(&tenant.tenant.id, &client.client_id, &target.audience).await?;
    let grant = found.ok_or_else(|| no_grant(&target))?;
    let scope = granted_scope(&grant, form.value("scope"))?;
    let organization = organization(request, &grant).await?;
    let keys = engine.keys(&tenant.tenant.id, &[target.algorithm()]).await?;
    let permissions = target.wants_permissions().then(|| scope.iter().map(str::to_owned).collect());
    let facts = Facts {
        tenant: Arc::clone(tenant),
        client: Arc::clone(client),
        subject: Subject::Client,
        target,
        scope,
        permissions,
        organization,
        grant: GrantType::ClientCredentials,
        requested: None,
        now: engine.now(),
        jti: engine.next_serial(),
    };
    Ok(Granted::new(facts, keys, None))
}

/// Everything that the grant allows, or the part that was asked for.
fn granted_scope(grant: &ClientGrant, asked: Option<&str>) -> Result<Scope, OAuthError> {
    let Some(asked) = asked else { return Ok(grant.scope.set().clone()) };
    let asked = Scope::parse(asked)
        .map_err(|error| OAuthError::new(ErrorCode::InvalidScope, Fault::Client, error.to_string()))?;
    let excess = asked.filtered(|token| !grant.scope.iter().any(|own| own == token));
    if excess.is_empty() {
        return Ok(asked);
    }
    let description = format!("Client has not been granted scopes: {excess}");
    Err(OAuthError::access_denied(Fault::Client, description))
}

async fn organization(
    request: Request<'_>,
    grant: &ClientGrant,
) -> Result<Option<Arc<Organization>>, OAuthError> {
    let Some(reference) = request.form.value("organization") else {
        return match grant.organization_usage {
            OrganizationUsage::Require => {
                Err(OAuthError::invalid_request("parameter organization is required for this client"))
            }
            OrganizationUsage::Allow | OrganizationUsage::Deny => Ok(None),
        };
    };
    if grant.organization_usage == OrganizationUsage::Deny {
        return Err(OAuthError::invalid_request("parameter organization is not allowed for this client"));
    }
    let organization = request.engine.organization(&request.exchange.tenant().tenant.id, reference).await?;
    if grant.allows_organization(&organization.id) {
        return Ok(Some(organization));
    }
    Err(OAuthError::access_denied(Fault::Client, "The client may not act in the organization"))
}

fn no_grant(target: &Target) -> OAuthError {
    let description = format!(
        "Client is not authorized to access \"{}\". You need to create a \"client-grant\" associated to this API.",
        target.audience
    );
    OAuthError::access_denied(Fault::Client, description)
}
