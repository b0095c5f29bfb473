//! The guard: a bearer token of this tenant, for its management API, with a scope that the operation names.

use http::StatusCode;

use crate::engine::Engine;
use crate::engine::access_tokens::AccessClaims;
use crate::engine::management_api::ALIAS;
use crate::management::operation::Operation;
use crate::management::problem::Problem;
use crate::model::signing_key::Algorithm;
use crate::transport::exchange::Exchange;

/// What the bearer token says, if it is good for the management API.
pub(crate) async fn admit(engine: &Engine, exchange: &Exchange) -> Result<AccessClaims, Problem> {
    let Some(token) = exchange.authorization("Bearer") else {
        return Err(unauthorized("Missing authentication"));
    };
    let tenant = exchange.tenant();
    // A node that just started has not read the tenant's keys yet.
    engine.keys(&tenant.tenant.id, &[Algorithm::default()]).await?;
    let claims = engine.live_access_token(tenant, token).await?;
    let claims = claims.ok_or_else(|| unauthorized("Invalid token"))?;
    if claims.aud.contains(tenant.management.as_str()) || claims.aud.contains(ALIAS) {
        return Ok(claims);
    }
    Err(unauthorized("Bad audience: ".to_owned() + "the token is not for the management API"))
}

/// Refuses a token without any of the operation's scopes.
pub(crate) fn permit(operation: &Operation, claims: &AccessClaims) -> Result<(), Problem> {
    let scope = claims.scope();
    if operation.scopes.iter().any(|wanted| scope.contains(wanted)) {
        return Ok(());
    }
    let message = format!("Insufficient scope, expected any of: {}", operation.scopes.join(","));
    Err(Problem::new(StatusCode::FORBIDDEN, "insufficient_scope", message))
}

fn unauthorized(message: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_token", message)
}
