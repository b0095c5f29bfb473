//! `POST /oauth/revoke` (RFC 7009): a refresh token takes its whole family with it.

use http::StatusCode;

use crate::client_auth;
use crate::endpoints::token::manner;
use crate::engine::Engine;
use crate::model::log_event::{EventType, LogEvent};
use crate::protocol::oauth_error::OAuthError;
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Reply};

/// Revokes, and answers 200 whether there was anything to revoke or not (RFC 7009 §2.2).
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Reply {
    let mut reply = match revoke(engine, exchange).await {
        Ok(()) => reply::empty(StatusCode::OK),
        Err(error) => reply::error(&error, manner(exchange)),
    };
    if exchange.has_origin() {
        reply::readable_everywhere(&mut reply);
    }
    reply
}

async fn revoke(engine: &Engine, exchange: &Exchange) -> Result<(), OAuthError> {
    let form = exchange.form()?;
    let caller = client_auth::authenticate(engine, exchange, &form).await?;
    let tenant = &exchange.tenant().tenant.id;
    let token = form.required("token")?;
    let Some(opened) = engine.open_refresh_token(tenant, token) else { return Ok(()) };
    let Some(facts) = opened.facts() else { return Ok(()) };
    if facts.client != caller.client().client_id.as_str() {
        // RFC 7009 §2.1: issued to another client; refused, and nothing is revoked.
        return Err(OAuthError::invalid_grant("The token was not issued to this client"));
    }
    engine.revoke_family(facts.session, facts.family_key()).await?;
    engine.log(LogEvent {
        tenant: tenant.clone(),
        event: EventType::Srrt,
        at: engine.now(),
        client: Some(caller.client().client_id.clone()),
        user: Some(facts.user.into()),
        organization: None,
        session: Some(facts.session),
        address: Some(exchange.peer().address.to_string()),
        description: String::new(),
    });
    Ok(())
}
