//! `POST /dbconnections/signup` and `POST /dbconnections/change_password`: Auth0's authentication API for
//! accounts with passwords.

use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use crate::engine::Engine;
use crate::engine::accounts::{Declined, Newcomer, SignedUp};
use crate::engine::letters::DEFAULT_LANGUAGE;
use crate::engine::tickets::Errand;
use crate::model::password_policy::{Rule, Weakness};
use crate::protocol::form::Form;
use crate::protocol::ids::ConnectionId;
use crate::protocol::oauth_error::OAuthError;
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Manner, Reply};

/// What Auth0 answers to a request to change a password, whoever asks.
const SENT: &str = "\"We've just sent you an email to reset your password.\"";

/// Makes an account.
pub async fn sign_up(engine: &Engine, exchange: &Exchange) -> Reply {
    let made = match exchange.form() {
        Ok(form) => newcomer(engine, exchange, &form).await,
        Err(error) => Err(Declined::Error(error)),
    };
    let mut reply = match made {
        Ok(body) => reply::json(StatusCode::OK, body),
        Err(Declined::Error(error)) => reply::error(&error, Manner::default()),
        Err(Declined::Account) => {
            problem("BadRequestError", "invalid_signup", json!({ "description": "Invalid sign up" }))
        }
        Err(Declined::Password(weakness)) => weak(&weakness),
        Err(Declined::TooMany(denied)) => reply::error(&denied.error, Manner::default()),
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
        address: exchange.peer().address,
        language: DEFAULT_LANGUAGE,
    };
    let email = newcomer.email.to_lowercase();
    let id = match engine.sign_up(tenant, newcomer).await? {
        SignedUp::Made(user) => user.user_id,
        SignedUp::Pending(id) => id,
    };
    let (id, email) = (id.as_str(), email.as_str());
    let made = Made { id: id.split_once('|').map_or(id, |(_, id)| id), email, email_verified: false };
    serde_json::to_vec(&made).map_err(|error| Declined::Error(OAuthError::server_error(error.to_string())))
}

async fn send_link(engine: &Engine, exchange: &Exchange) -> Result<(), OAuthError> {
    let form = exchange.form()?;
    known(engine, exchange, &form).await?;
    let email = form.required("email")?;
    let tenant = exchange.tenant();
    engine.charge_message(tenant, email, exchange.peer().address).await?;
    engine.send_link(tenant, Errand::Reset, email, DEFAULT_LANGUAGE).await
}

/// The connection that is named, once the client is known.
async fn known(engine: &Engine, exchange: &Exchange, form: &Form<'_>) -> Result<ConnectionId, OAuthError> {
    let client = form.required("client_id")?;
    if engine.cached().client(&exchange.tenant().tenant.id, client).await?.is_none() {
        return Err(OAuthError::invalid_request("Unknown client"));
    }
    form.required("connection").map(ConnectionId::from)
}

/// Auth0's refusal of a password: by name, with every rule of the connection.
fn weak(weakness: &Weakness) -> Reply {
    let more = match weakness {
        Weakness::Strength(rules) => {
            let policy: Vec<_> = rules.iter().map(|rule| format!("* {}", rule.sentence())).collect();
            let rules: Vec<_> = rules.iter().map(Rule::shown).collect();
            json!({ "message": weakness.message(), "policy": policy.join("\n"),
                "description": { "rules": rules, "verified": false } })
        }
        Weakness::Breached | Weakness::Common | Weakness::Guessable | Weakness::Personal | Weakness::Used => {
            json!({ "message": weakness.message(), "description": weakness.message() })
        }
    };
    problem(weakness.name(), "invalid_password", more)
}

fn problem(name: &str, code: &str, mut body: serde_json::Value) -> Reply {
    body["name"] = name.into();
    body["code"] = code.into();
    body["statusCode"] = 400.into();
    reply::json(StatusCode::BAD_REQUEST, body.to_string())
}
