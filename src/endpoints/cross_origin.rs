//! `POST /co/authenticate`: Auth0's cross-origin authentication, by which an application's own page takes the password.
//! Only for applications that are meant to, and only from their own web origins.

use http::header::{HeaderName, HeaderValue, ORIGIN};
use http::{HeaderMap, StatusCode};
use std::sync::Arc;
use zeroize::Zeroizing;

use crate::engine::Engine;
use crate::engine::attempts::{Denied, Guess};
use crate::engine::authorization::Authorization;
use crate::engine::cross_origin::LIFETIME_SECS;
use crate::engine::letters::DEFAULT_LANGUAGE;
use crate::engine::presence::{Login, Presence};
use crate::model::client::Client;
use crate::model::log_event::{EventType, LogEvent};
use crate::model::session::Amr;
use crate::model::user::User;
use crate::protocol::form::Form;
use crate::protocol::grant_type::GrantType;
use crate::protocol::ids::ConnectionId;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::transport::cookies::Cookie;
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Manner, Reply};

/// The longest password or code that is looked at, in bytes.
const SECRET_BYTES_MAX: usize = 1024;

/// Checks the credentials, and answers with a ticket for the authorization endpoint.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Reply {
    let origin = origin(exchange.headers());
    match log_in(engine, exchange, origin).await {
        Ok((client, user, amr)) => given(engine, exchange, &client, (&user, amr)),
        Err(error) => {
            let mut reply = reply::error(&error, Manner::default());
            // Auth0 tells the page; a page of another origin reads nothing.
            if error.fault == Fault::User {
                allow(&mut reply, origin);
            }
            reply
        }
    }
}

/// A preflight: which client asks is not known yet; the request itself is held to its origins.
pub fn preflight(exchange: &Exchange) -> Reply {
    let mut reply = reply::preflight("POST");
    allow(&mut reply, origin(exchange.headers()));
    reply
}

/// Who is logged in once a `login_ticket` is taken; `None` when it is not good.
///
/// # Errors
/// `temporarily_unavailable` when the store cannot.
pub(crate) async fn redeem(
    engine: &Engine,
    exchange: &Exchange,
    (client, asked): (&Client, &Authorization),
    (ticket, before): (&str, Option<Presence>),
) -> Result<Option<Presence>, OAuthError> {
    let tenant = exchange.tenant();
    let verifier = Cookie::CrossOrigin.read(exchange.headers(), tenant);
    let Some((user, amr)) = engine.redeem_login_ticket(tenant, &asked.client, ticket, verifier).await? else {
        return Ok(None);
    };
    let login = Login { user, amr, device: exchange.device(), asked: Some((client, asked)) };
    engine.log_in(tenant, login, before).await.map(Some)
}

async fn log_in(
    engine: &Engine,
    exchange: &Exchange,
    origin: Option<&str>,
) -> Result<(Arc<Client>, Arc<User>, Amr), OAuthError> {
    let form = exchange.form()?;
    let tenant = exchange.tenant();
    let client = engine.cached().client(&tenant.tenant.id, form.required("client_id")?).await?;
    let client = client.filter(|client| client.cross_origin_authentication).ok_or_else(not_here)?;
    // Before anything is looked at: a page of another origin must not even be able to guess.
    if !origin.is_some_and(|origin| client.web_origins.iter().any(|own| own.trim_end_matches('/') == origin))
    {
        return Err(not_here());
    }
    let (user, amr) = match prove(engine, exchange, &form).await {
        Ok(proved) => proved,
        Err(denied) => {
            if let Some(event) = denied.event {
                log(engine, exchange, &client, event, None);
            }
            return Err(told(denied));
        }
    };
    log(engine, exchange, &client, EventType::S, Some(&user));
    Ok((client, user, amr))
}

async fn prove(engine: &Engine, exchange: &Exchange, form: &Form<'_>) -> Result<(Arc<User>, Amr), Denied> {
    let tenant = exchange.tenant();
    let kind = form.required("credential_type")?;
    let login = form.required("username")?;
    let guess = |connection| Guess {
        tenant,
        connection,
        login,
        address: exchange.peer().address,
        language: DEFAULT_LANGUAGE,
    };
    let secret = |name| {
        let text = form.required(name)?;
        let long = || OAuthError::invalid_request("The password is too long");
        if text.len() > SECRET_BYTES_MAX { Err(long()) } else { Ok(text) }
    };
    if kind == GrantType::PasswordlessOtp.name() {
        let connection = engine.mail_connection(tenant, form.required("realm")?).await?;
        let user = engine.redeem_code(guess(&connection.name), &connection, secret("otp")?).await?;
        return Ok((user, Amr::OTP));
    }
    let realm = if kind == GrantType::PasswordRealm.name() {
        ConnectionId::from(form.required("realm")?)
    } else if kind == "password" {
        tenant.tenant.settings.default_directory.clone()
    } else {
        return Err(OAuthError::invalid_request("Unknown credential_type").into());
    };
    let password = Zeroizing::new(secret("password")?.to_owned());
    let user = engine.check_password(guess(&realm), password).await?;
    Ok((user, Amr::PASSWORD))
}

fn given(engine: &Engine, exchange: &Exchange, client: &Client, proved: (&User, Amr)) -> Reply {
    let tenant = exchange.tenant();
    let login = match engine.login_ticket(tenant, client, proved) {
        Ok(login) => login,
        Err(error) => return reply::error(&error, Manner::default()),
    };
    let mut reply = reply::json(StatusCode::OK, serde_json::to_vec(&login).unwrap_or_default());
    Cookie::CrossOrigin.set(&mut reply, tenant, &login.co_verifier, LIFETIME_SECS);
    allow(&mut reply, origin(exchange.headers()));
    reply
}

/// What Auth0 answers here to wrong credentials: 403 `access_denied`.
fn told(denied: Denied) -> OAuthError {
    let error = denied.error;
    if error.code != ErrorCode::InvalidGrant {
        return error;
    }
    OAuthError::access_denied(Fault::User, error.description)
}

fn not_here() -> OAuthError {
    OAuthError::access_denied(Fault::Client, "Unknown client, or an origin that is not its own")
}

fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(ORIGIN).and_then(|value| value.to_str().ok())
}

/// Lets the page of `origin` read the answer and bring cookies (Fetch §3.2.5).
fn allow(reply: &mut Reply, origin: Option<&str>) {
    let Some(origin) = origin.and_then(|origin| HeaderValue::from_str(origin).ok()) else { return };
    let headers = reply.headers_mut();
    headers.insert(HeaderName::from_static("access-control-allow-origin"), origin);
    headers.insert(
        HeaderName::from_static("access-control-allow-credentials"),
        HeaderValue::from_static("true"),
    );
    headers.insert(http::header::VARY, HeaderValue::from_static("Origin"));
}

fn log(engine: &Engine, exchange: &Exchange, client: &Client, event: EventType, user: Option<&User>) {
    engine.log(LogEvent {
        tenant: exchange.tenant().tenant.id.clone(),
        event,
        at: engine.now(),
        client: Some(client.client_id.clone()),
        user: user.map(|user| user.user_id.clone()),
        organization: None,
        session: None,
        address: Some(exchange.peer().address.to_string()),
        description: String::new(),
    });
}
