//! `GET|POST /userinfo` (OpenID Connect Core §5.3): the person's claims, by the scope of the bearer token.

use std::sync::Arc;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use crate::claims::rows::{self, Carrier};
use crate::claims::{Facts, Requested, Subject};
use crate::endpoints::token::manner;
use crate::engine::Engine;
use crate::model::session::Amr;
use crate::protocol::claims_request::{ClaimSet, Wanted};
use crate::protocol::grant_type::GrantType;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Reply};

/// Answers with the claims of the token's user.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Reply {
    let mut reply = match claims(engine, exchange).await {
        Ok(body) => reply::json(StatusCode::OK, body),
        Err(error) => refused(exchange, &error),
    };
    reply::readable_everywhere(&mut reply);
    reply
}

async fn claims(engine: &Engine, exchange: &Exchange) -> Result<Vec<u8>, OAuthError> {
    let token = bearer(exchange)?;
    let tenant = exchange.tenant();
    let claims = engine.live_access_token(tenant, &token).await?.ok_or_else(invalid)?;
    let scope = claims.scope();
    if !claims.aud.contains(tenant.userinfo.as_str()) || !scope.contains("openid") {
        return Err(OAuthError::new(
            ErrorCode::InsufficientScope,
            Fault::Client,
            "The access token needs the scope openid",
        ));
    }
    let session = claims.sid.ok_or_else(invalid)?;
    let id = &tenant.tenant.id;
    let user = engine.cached().user(id, &claims.sub).await?.ok_or_else(invalid)?;
    let client = engine.cached().client(id, &claims.client_id).await?.ok_or_else(invalid)?;
    let facts = Facts {
        tenant: Arc::clone(tenant),
        client,
        subject: Subject::User { user, session, authenticated_at: engine.now(), amr: Amr::default() },
        target: engine.target(tenant, Some(tenant.userinfo.as_str())).await?,
        scope,
        permissions: None,
        organization: None,
        grant: GrantType::AuthorizationCode,
        requested: requested(&claims.userinfo_claims),
        now: engine.now(),
        jti: engine.next_serial(),
    };
    Ok(rows::render(&facts, Carrier::UserInfo))
}

/// To whoever says nothing of who they are, the challenge names no error (RFC 6750 §3.1).
fn refused(exchange: &Exchange, error: &OAuthError) -> Reply {
    let mut reply = reply::error(error, manner(exchange));
    let is_silent = !exchange.headers().contains_key(AUTHORIZATION) && exchange.body().is_empty();
    if is_silent && error.code == ErrorCode::InvalidToken {
        reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    reply
}

/// What the application asked for by name, as the token that it got says.
fn requested(names: &[String]) -> Option<Box<Requested>> {
    let userinfo = ClaimSet::of(names.iter().map(String::as_str));
    let wanted = Wanted { userinfo, ..Wanted::default() };
    if wanted.is_empty() { None } else { Some(Box::new(Requested { wanted, ..Requested::default() })) }
}

/// The bearer token, from the header or a form body, not both (RFC 6750 §2).
fn bearer(exchange: &Exchange) -> Result<String, OAuthError> {
    let header = exchange.authorization("Bearer").map(str::to_owned);
    let has_body = !exchange.body().is_empty();
    let body = if has_body { exchange.form()?.value("access_token").map(str::to_owned) } else { None };
    match (header, body) {
        (Some(_), Some(_)) => Err(OAuthError::invalid_request("The access token was given twice")),
        (Some(token), None) | (None, Some(token)) => Ok(token),
        (None, None) => Err(invalid()),
    }
}

fn invalid() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidToken, Fault::Client, "The access token is missing, invalid or expired")
}
