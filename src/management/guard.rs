//! The guard: a bearer token of this tenant, for its management API, of an application in its own name, with a scope
//! that the operation names and that the application is still granted.

use std::sync::Arc;

use http::StatusCode;

use crate::engine::Engine;
use crate::engine::access_tokens::AccessClaims;
use crate::engine::management_api::ALIAS;
use crate::management::operation::Operation;
use crate::management::problem::Problem;
use crate::model::signing_key::Algorithm;
use crate::protocol::ids::ClientId;
use crate::tenancy::TenantView;
use crate::transport::exchange::Exchange;

/// What the bearer token says, if it is good for the management API.
pub(crate) async fn admit(engine: &Engine, exchange: &Exchange) -> Result<Arc<AccessClaims>, Problem> {
    let Some(token) = exchange.authorization("Bearer") else {
        return Err(unauthorized("Missing authentication"));
    };
    let tenant = exchange.tenant();
    // A node that just started has not read the tenant's keys yet.
    engine.keys(&tenant.tenant.id, &[Algorithm::default()]).await?;
    let claims = engine.live_access_token(tenant, token).await?;
    let claims = claims.ok_or_else(|| unauthorized("Invalid token"))?;
    if !claims.aud.contains(tenant.management.as_str()) && !claims.aud.contains(ALIAS) {
        return Err(unauthorized("Bad audience: the token is not for the management API"));
    }
    // A person's token answers for what a person asked for at any application; only a grant makes an administrator.
    if claims.is_machine() { Ok(claims) } else { Err(unauthorized("The token is not an application's own")) }
}

/// Refuses a token without any of the operation's scopes, and one whose scope was taken from the application since.
pub(crate) async fn permit(
    engine: &Engine,
    tenant: &TenantView,
    operation: &Operation,
    claims: &AccessClaims,
) -> Result<(), Problem> {
    let (scope, client) = (claims.scope(), ClientId::from(claims.client_id.as_str()));
    let grant = engine.cached().client_grant(&tenant.tenant.id, &client, &tenant.management).await?;
    let granted =
        |wanted: &str| grant.as_ref().is_some_and(|grant| grant.scope.iter().any(|own| own == wanted));
    if operation.scopes.iter().any(|wanted| scope.contains(wanted) && granted(wanted)) {
        return Ok(());
    }
    let message = format!("Insufficient scope, expected any of: {}", operation.scopes.join(","));
    Err(Problem::new(StatusCode::FORBIDDEN, "insufficient_scope", message))
}

fn unauthorized(message: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_token", message)
}
