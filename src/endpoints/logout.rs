//! `GET|POST /oidc/logout` (OpenID Connect RP-Initiated Logout) and Auth0's `GET /v2/logout`.

use crate::endpoints::authorize;
use crate::engine::Engine;
use crate::engine::authorization::BrowserMark;
use crate::protocol::form::Form;
use crate::protocol::ids::SessionId;
use crate::protocol::oauth_error::OAuthError;
use crate::transport::cookies::Cookie;
use crate::transport::exchange::Exchange;
use crate::transport::html;
use crate::transport::reply::Reply;

/// Where a person is told that they are logged out, when the application named no place.
const DONE: &str = "/u/logged-out";

/// Logs out, or asks the person first when nothing proves that the application speaks for this session.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Result<Reply, OAuthError> {
    if exchange.method() == http::Method::POST {
        // As at the authorization endpoint: the GET that follows brings the cookies.
        return Ok(html::see_other(&format!("/oidc/logout?{}", authorize::encoded(&exchange.form()?))));
    }
    let form = Form::urlencoded(exchange.query().as_bytes())?;
    let tenant = exchange.tenant();
    let session = session(engine, exchange);
    let (browser, is_new) = authorize::browser(engine, exchange)?;
    let (logout, must_ask) = engine.logout(tenant, &form, BrowserMark::of(&browser), session).await?;
    if !must_ask {
        return end(engine, exchange, session, logout.redirect_uri.as_deref()).await;
    }
    let state = engine.seal_logout(tenant, &logout)?;
    let mut reply = html::see_other(&format!("/u/logout?state={state}"));
    if is_new {
        authorize::remember(&mut reply, exchange, &browser);
    }
    Ok(reply)
}

/// Auth0's way: logs out at once, and goes to `returnTo`.
///
/// # Errors
/// What only the person may be told.
pub async fn answer_v2(engine: &Engine, exchange: &Exchange) -> Result<Reply, OAuthError> {
    let form = Form::urlencoded(exchange.query().as_bytes())?;
    let uri = match form.value("returnTo") {
        Some(uri) => Some(engine.after_logout(exchange.tenant(), form.value("client_id"), uri, None).await?),
        None => None,
    };
    end(engine, exchange, session(engine, exchange), uri.as_deref()).await
}

fn session(engine: &Engine, exchange: &Exchange) -> Option<SessionId> {
    let cookie = Cookie::Session.read(exchange.headers(), exchange.tenant())?;
    engine.named_session(exchange.tenant(), cookie)
}

async fn end(
    engine: &Engine,
    exchange: &Exchange,
    session: Option<SessionId>,
    redirect_uri: Option<&str>,
) -> Result<Reply, OAuthError> {
    if let Some(session) = session {
        engine.log_out(exchange.tenant(), session, exchange.peer().address.to_string()).await?;
    }
    let mut reply = html::see_other(redirect_uri.unwrap_or(DONE));
    Cookie::Session.set(&mut reply, exchange.tenant(), "", 0);
    Ok(reply)
}
