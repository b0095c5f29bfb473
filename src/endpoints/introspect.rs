//! `POST /oauth/introspect` (RFC 7662): for authenticated clients; a token whose session ended is inactive at once.

use http::StatusCode;
use serde::Serialize;

use crate::client_auth::{self, Caller};
use crate::endpoints::token::manner;
use crate::engine::Engine;
use crate::engine::access_tokens::{AccessClaims, Audiences};
use crate::engine::refresh_tokens::{OpenedRefreshToken, RefreshFacts};
use crate::model::user::User;
use crate::protocol::oauth_error::OAuthError;
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Reply};

/// RFC 7662 §2.2; members that are not known are left out.
#[derive(Debug, Default, Serialize)]
#[serde(default)]
struct Introspection<'a> {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a Audiences>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<&'a [String]>,
}

/// Answers whether a token is active, and what it says.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Reply {
    match introspect(engine, exchange).await {
        Ok(found) => reply::json(StatusCode::OK, found),
        Err(error) => reply::error(&error, manner(exchange)),
    }
}

async fn introspect(engine: &Engine, exchange: &Exchange) -> Result<Vec<u8>, OAuthError> {
    let form = exchange.form()?;
    let caller = client_auth::authenticate(engine, exchange, &form).await?;
    if !caller.is_confidential() {
        return Err(OAuthError::invalid_client().because("a public client may not introspect"));
    }
    let token = form.required("token")?;
    if token.starts_with("rt_") {
        return refresh_token(engine, exchange, &caller, token).await;
    }
    let claims = engine.live_access_token(exchange.tenant(), token).await?;
    Ok(json(&claims.as_deref().map(access_token).unwrap_or_default()))
}

fn json(found: &Introspection<'_>) -> Vec<u8> {
    serde_json::to_vec(found).unwrap_or_default()
}

fn access_token(claims: &AccessClaims) -> Introspection<'_> {
    Introspection {
        active: true,
        token_type: Some("Bearer"),
        scope: claims.scope.as_deref(),
        client_id: Some(&claims.client_id),
        sub: Some(&claims.sub),
        aud: Some(&claims.aud),
        iss: Some(&claims.iss),
        exp: Some(claims.exp),
        iat: Some(claims.iat),
        jti: claims.jti.as_deref(),
        sid: claims.sid.map(|sid| sid.to_string()),
        org_id: claims.org_id.as_deref(),
        permissions: claims.permissions.as_deref(),
    }
}

/// A refresh token is active only for its own client, and only while it is its family's current one.
async fn refresh_token(
    engine: &Engine,
    exchange: &Exchange,
    caller: &Caller,
    token: &str,
) -> Result<Vec<u8>, OAuthError> {
    let tenant = exchange.tenant();
    let opened = engine.open_refresh_token(&tenant.tenant.id, token);
    let facts = opened.as_ref().and_then(OpenedRefreshToken::facts);
    let client = caller.client();
    let own = |facts: &RefreshFacts<'_>| {
        facts.client == client.client_id.as_str() && client.existed_at(facts.started_at)
    };
    let Some(facts) = facts.filter(own) else {
        return Ok(json(&Introspection::default()));
    };
    if !is_live(engine, exchange, &facts).await? {
        return Ok(json(&Introspection::default()));
    }
    Ok(json(&Introspection {
        active: true,
        token_type: Some("refresh_token"),
        scope: Some(facts.scope),
        client_id: Some(facts.client),
        sub: Some(facts.user),
        iss: Some(&tenant.issuer),
        exp: facts.expires_at.map(crate::clock::UnixMs::secs),
        iat: Some(facts.started_at.secs()),
        sid: Some(facts.session.to_string()),
        org_id: facts.organization,
        ..Introspection::default()
    }))
}

async fn is_live(engine: &Engine, exchange: &Exchange, facts: &RefreshFacts<'_>) -> Result<bool, OAuthError> {
    let now = engine.now();
    if facts.expires_at.is_some_and(|end| end <= now) {
        return Ok(false);
    }
    let user = engine.cached().user(&exchange.tenant().tenant.id, facts.user).await?;
    let admits = |user: &User| user.admits(facts.started_at) && user.allows(facts.client, facts.started_at);
    if !user.is_some_and(|user| admits(&user)) {
        return Ok(false);
    }
    let family = engine.store().current(facts.session, facts.family_key(), now).await?;
    Ok(family.is_some_and(|family| family.generation <= facts.generation))
}
