//! `GET|POST /oidc/logout` (OpenID Connect RP-Initiated Logout) and Auth0's `GET /v2/logout`.

use crate::endpoints::authorize;
use crate::engine::Engine;
use crate::engine::authorization::BrowserMark;
use crate::engine::logout::Logout;
use crate::grants::front_channel;
use crate::model::log_event::{EventType, LogEvent};
use crate::protocol::form::Form;
use crate::protocol::ids::SessionId;
use crate::protocol::oauth_error::OAuthError;
use crate::transport::cookies::Cookie;
use crate::transport::exchange::Exchange;
use crate::transport::html;
use crate::transport::reply::Reply;

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
    let (browser, is_new) = front_channel::browser(engine, exchange)?;
    let asked = engine.logout(tenant, &form, BrowserMark::of(&browser), session).await;
    let (logout, must_ask) = match asked {
        Ok(asked) => asked,
        Err(error) => return Err(refused(engine, exchange, &form, error).await),
    };
    let mut reply = if must_ask {
        html::see_other(&format!("/u/logout?state={}", engine.seal_logout(tenant, &logout)?))
    } else {
        end(engine, exchange, session, &logout).await?
    };
    if is_new {
        front_channel::remember(&mut reply, exchange, &browser);
    }
    Ok(reply)
}

/// Auth0's way: logs out at once, and goes to `returnTo`. There are no other identity providers to log out of, so
/// `federated` changes nothing.
///
/// # Errors
/// What only the person may be told.
pub async fn answer_v2(engine: &Engine, exchange: &Exchange) -> Result<Reply, OAuthError> {
    let form = Form::urlencoded(exchange.query().as_bytes())?;
    let (tenant, client) = (exchange.tenant(), form.value("client_id"));
    let (browser, is_new) = front_channel::browser(engine, exchange)?;
    let mut logout = Logout::here(BrowserMark::of(&browser), form.value("ui_locales"), engine.now());
    logout.client = client.map(str::to_owned);
    if let Some(uri) = form.value("returnTo") {
        logout.redirect_uri = match engine.after_logout(tenant, client, uri, None).await {
            Ok(place) => Some(place),
            Err(error) => return Err(refused(engine, exchange, &form, error).await),
        };
    }
    let mut reply = end(engine, exchange, session(engine, exchange), &logout).await?;
    if is_new {
        front_channel::remember(&mut reply, exchange, &browser);
    }
    Ok(reply)
}

fn session(engine: &Engine, exchange: &Exchange) -> Option<SessionId> {
    let cookie = Cookie::Session.read(exchange.headers(), exchange.tenant())?;
    engine.named_session(exchange.tenant(), cookie)
}

async fn end(
    engine: &Engine,
    exchange: &Exchange,
    session: Option<SessionId>,
    logout: &Logout,
) -> Result<Reply, OAuthError> {
    let address = exchange.peer().address.to_string();
    let place = engine.log_out(exchange.tenant(), session, logout, address).await?;
    let mut reply = html::see_other(&place);
    Cookie::Session.set(&mut reply, exchange.tenant(), "", 0);
    Ok(reply)
}

/// Tells the tenant's log, which names no client that there is not.
async fn refused(engine: &Engine, exchange: &Exchange, form: &Form<'_>, error: OAuthError) -> OAuthError {
    let tenant = &exchange.tenant().tenant.id;
    let client = match form.value("client_id") {
        Some(id) => engine.cached().client(tenant, id).await.unwrap_or_default(),
        None => None,
    };
    engine.log(LogEvent {
        tenant: tenant.clone(),
        event: EventType::Flo,
        at: engine.now(),
        client: client.map(|client| client.client_id.clone()),
        user: None,
        organization: None,
        session: session(engine, exchange),
        address: Some(exchange.peer().address.to_string()),
        description: error.description.to_string(),
    });
    error
}
