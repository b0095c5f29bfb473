//! `POST /dbconnections/signup` and `POST /dbconnections/change_password`: Auth0's authentication API for
//! accounts with passwords.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use crate::engine::Engine;
use crate::engine::accounts::{Declined, Newcomer, SignedUp};
use crate::engine::letters::DEFAULT_LANGUAGE;
use crate::engine::particulars::Particulars;
use crate::engine::tickets::Errand;
use crate::model::log_event::{EventType, LogEvent};
use crate::model::password_policy::{Rule, Weakness};
use crate::model::user::Profile;
use crate::protocol::form::Form;
use crate::protocol::ids::{ClientId, ConnectionId};
use crate::protocol::oauth_error::OAuthError;
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Manner, Reply};

/// What Auth0 answers to a request to change a password, whoever asks.
const SENT: &str = "\"We've just sent you an email to reset your password.\"";

/// Makes an account.
pub async fn sign_up(engine: &Engine, exchange: &Exchange) -> Reply {
    let mut reply = match made(engine, exchange).await {
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
pub async fn change_password(engine: &Arc<Engine>, exchange: &Exchange) -> Reply {
    let mut reply = match send_link(engine, exchange).await {
        Ok(()) => reply::json(StatusCode::OK, SENT),
        Err(error) => reply::error(&error, Manner::default()),
    };
    reply::readable_everywhere(&mut reply);
    reply
}

async fn made(engine: &Engine, exchange: &Exchange) -> Result<Vec<u8>, Declined> {
    let form = exchange.form_nesting(&["user_metadata"]).map_err(Declined::Error)?;
    let particulars = particulars(&form).map_err(Declined::Error)?;
    let made = newcomer(engine, exchange, &form, &particulars).await;
    log(engine, exchange, &form, &made);
    body(&form, particulars, &made?)
}

fn particulars(form: &Form<'_>) -> Result<Particulars, OAuthError> {
    let owned = |name| form.value(name).map(str::to_owned);
    let profile = Profile {
        name: owned("name"),
        given_name: owned("given_name"),
        family_name: owned("family_name"),
        nickname: owned("nickname"),
        picture: owned("picture"),
        phone_number: owned("phone_number"),
        ..Profile::default()
    };
    let metadata = form.nested_strings("user_metadata")?.unwrap_or_default();
    let user_metadata = metadata.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok(Particulars { profile, user_metadata })
}

async fn newcomer(
    engine: &Engine,
    exchange: &Exchange,
    form: &Form<'_>,
    particulars: &Particulars,
) -> Result<SignedUp, Declined> {
    let connection = known(engine, exchange, form).await.map_err(Declined::Error)?;
    let required = |name| form.required(name).map_err(Declined::Error);
    let newcomer = Newcomer {
        connection: &connection,
        email: required("email")?,
        password: required("password")?,
        username: form.value("username"),
        particulars,
        asked: None,
        address: exchange.peer().address,
        language: DEFAULT_LANGUAGE,
    };
    engine.sign_up(exchange.tenant(), newcomer).await
}

/// What Auth0 shows of an account: whatever was given. Nothing of it is read from an account that may be another's.
#[derive(Serialize)]
struct Made<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    email: String,
    email_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    user_metadata: BTreeMap<String, String>,
}

fn body(form: &Form<'_>, particulars: Particulars, signed_up: &SignedUp) -> Result<Vec<u8>, Declined> {
    let id = match signed_up {
        SignedUp::Made(user) => user.user_id.as_str(),
        SignedUp::Pending(id) => id.as_str(),
    };
    let Particulars { profile, user_metadata } = particulars;
    let made = Made {
        id: id.split_once('|').map_or(id, |(_, id)| id),
        email: form.value("email").unwrap_or_default().to_lowercase(),
        email_verified: false,
        username: form.value("username").map(str::to_lowercase),
        given_name: profile.given_name,
        family_name: profile.family_name,
        name: profile.name,
        nickname: profile.nickname,
        picture: profile.picture,
        phone_number: profile.phone_number,
        user_metadata,
    };
    serde_json::to_vec(&made).map_err(|error| Declined::Error(OAuthError::server_error(error.to_string())))
}

/// Tells the tenant's log of an account that was made, and of a password that was known to have leaked.
fn log(engine: &Engine, exchange: &Exchange, form: &Form<'_>, made: &Result<SignedUp, Declined>) {
    let (event, user, description) = match made {
        Ok(SignedUp::Made(user)) => (EventType::Ss, Some(user.user_id.clone()), ""),
        Err(declined @ Declined::Password(weakness @ Weakness::Breached)) => {
            (declined.event(), None, weakness.message())
        }
        Ok(SignedUp::Pending(_))
        | Err(Declined::Account | Declined::Error(_) | Declined::Password(_) | Declined::TooMany(_)) => {
            return;
        }
    };
    engine.log(LogEvent {
        tenant: exchange.tenant().tenant.id.clone(),
        event,
        at: engine.now(),
        client: form.value("client_id").map(ClientId::from),
        user,
        organization: None,
        session: None,
        address: Some(exchange.peer().address.to_string()),
        description: description.to_owned(),
    });
}

async fn send_link(engine: &Arc<Engine>, exchange: &Exchange) -> Result<(), OAuthError> {
    let form = exchange.form()?;
    let (named, tenant) = (known(engine, exchange, &form).await?, exchange.tenant());
    let connection = engine.database(tenant, named.as_str()).await?;
    let email = form.required("email")?;
    engine.charge_message(tenant, email, exchange.peer().address).await?;
    engine.send_link_later(tenant, Errand::Reset, (&connection, email), DEFAULT_LANGUAGE);
    Ok(())
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
