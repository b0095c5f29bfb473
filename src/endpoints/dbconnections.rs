//! `POST /dbconnections/signup` and `POST /dbconnections/change_password`: Auth0's authentication API for
//! accounts with passwords.

use http::StatusCode;
use serde::Serialize;

use crate::engine::Engine;
use crate::engine::accounts::{Declined, Letter, Newcomer};
use crate::engine::tickets::Errand;
use crate::protocol::form::Form;
use crate::protocol::ids::ConnectionId;
use crate::protocol::oauth_error::OAuthError;
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Manner, Reply};

/// What Auth0 answers to a request to change a password, whoever asks.
const SENT: &str = "\"We've just sent you an email to reset your password.\"";

/// The messages of an interface without a language of its own.
const RESET: Letter = Letter {
    subject: "Change your password",
    before: "Open this link to choose a new password:",
    after: "If you did not ask for this, ignore this message.",
};
const VERIFY: Letter = Letter {
    subject: "Confirm your email address",
    before: "Open this link to confirm your email address:",
    after: "If you did not ask for this, ignore this message.",
};

/// The body of Auth0's refusals here.
#[derive(Serialize)]
struct Problem {
    name: &'static str,
    code: &'static str,
    description: &'static str,
    #[serde(rename = "statusCode")]
    status_code: u16,
}

/// Makes an account.
pub async fn sign_up(engine: &Engine, exchange: &Exchange) -> Reply {
    let made = match exchange.form() {
        Ok(form) => newcomer(engine, exchange, &form).await,
        Err(error) => Err(Declined::Error(error)),
    };
    let mut reply = match made {
        Ok(body) => reply::json(StatusCode::OK, body),
        Err(Declined::Error(error)) => reply::error(&error, Manner::default()),
        Err(Declined::Account) => problem("invalid_signup", "Invalid sign up"),
        Err(Declined::Password) => problem("invalid_password", "Password is too weak"),
    };
    reply::readable_everywhere(&mut reply);
    reply
}

/// Sends a link to choose a new password; the same answer whether there is an account or not.
pub async fn change_password(engine: &Engine, exchange: &Exchange) -> Reply {
    let mut reply = match send_link(engine, exchange).await {
        Ok(()) => reply::json(StatusCode::OK, SENT),
        Err(error) => reply::error(&error, Manner::default()),
    };
    reply::readable_everywhere(&mut reply);
    reply
}

async fn newcomer(engine: &Engine, exchange: &Exchange, form: &Form<'_>) -> Result<Vec<u8>, Declined> {
    #[derive(Serialize)]
    struct Made<'a> {
        #[serde(rename = "_id")]
        id: &'a str,
        email: &'a str,
        email_verified: bool,
    }
    let tenant = exchange.tenant();
    let connection = known(engine, exchange, form).await.map_err(Declined::Error)?;
    let required = |name| form.required(name).map_err(Declined::Error);
    let newcomer = Newcomer {
        connection: &connection,
        email: required("email")?,
        password: required("password")?,
        username: form.value("username"),
        name: form.value("name"),
        asked: None,
    };
    let user = engine.sign_up(tenant, newcomer).await?;
    let email = user.email.as_deref().unwrap_or_default();
    engine.send_link(tenant, Errand::Verify, email, VERIFY).await.map_err(Declined::Error)?;
    let id = user.user_id.as_str();
    let made = Made { id: id.split_once('|').map_or(id, |(_, id)| id), email, email_verified: false };
    serde_json::to_vec(&made).map_err(|error| Declined::Error(OAuthError::server_error(error.to_string())))
}

async fn send_link(engine: &Engine, exchange: &Exchange) -> Result<(), OAuthError> {
    let form = exchange.form()?;
    known(engine, exchange, &form).await?;
    let email = form.required("email")?;
    engine.send_link(exchange.tenant(), Errand::Reset, email, RESET).await
}

/// The connection that is named, once the client is known.
async fn known(engine: &Engine, exchange: &Exchange, form: &Form<'_>) -> Result<ConnectionId, OAuthError> {
    let client = form.required("client_id")?;
    if engine.cached().client(&exchange.tenant().tenant.id, client).await?.is_none() {
        return Err(OAuthError::invalid_request("Unknown client"));
    }
    form.required("connection").map(ConnectionId::from)
}

fn problem(code: &'static str, description: &'static str) -> Reply {
    let problem = Problem { name: "BadRequestError", code, description, status_code: 400 };
    reply::json(StatusCode::BAD_REQUEST, serde_json::to_vec(&problem).unwrap_or_default())
}
