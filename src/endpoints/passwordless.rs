//! `POST /passwordless/start`: a code, or a link, to an address (Auth0). The same answer whoever has the address.

use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;

use crate::client_auth;
use crate::engine::Engine;
use crate::engine::letters::{DEFAULT_LANGUAGE, Occasion, Writing};
use crate::engine::records::{mint, uris};
use crate::model::client::Client;
use crate::model::connection::Connection;
use crate::model::log_event::{EventType, LogEvent};
use crate::protocol::form::Form;
use crate::protocol::oauth_error::OAuthError;
use crate::tenancy::TenantView;
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Manner, Reply};

/// The most characters of all parameters that a link carries through the message.
const LINK_MAX: usize = 4096;

/// The parameters of the authorization endpoint that a link may carry.
const CARRIED: [&str; 13] = [
    "audience",
    "code_challenge",
    "code_challenge_method",
    "max_age",
    "nonce",
    "organization",
    "prompt",
    "redirect_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "ui_locales",
];

/// What Auth0 answers.
#[derive(Serialize)]
struct Started<'a> {
    #[serde(rename = "_id")]
    id: String,
    email: &'a str,
    email_verified: bool,
}

/// A code or a link, made for an address; whether anybody reads it there is not known yet.
struct Outbound {
    tenant: Arc<TenantView>,
    connection: Connection,
    email: String,
    language: &'static str,
    occasion: Occasion,
    what: String,
    event: LogEvent,
}

/// Sends a code or a link.
pub async fn start(engine: &Arc<Engine>, exchange: &Exchange) -> Reply {
    let mut reply = match begin(engine, exchange).await {
        Ok(body) => reply::json(StatusCode::OK, body),
        Err(error) => reply::error(&error, Manner::default()),
    };
    reply::readable_everywhere(&mut reply);
    reply
}

async fn begin(engine: &Arc<Engine>, exchange: &Exchange) -> Result<Vec<u8>, OAuthError> {
    let form = exchange.form_nesting(&["authParams"])?;
    let carried = form.nested("authParams")?.unwrap_or_default();
    let caller = client_auth::authenticate(engine, exchange, &form).await?;
    let tenant = exchange.tenant();
    let connection = engine.mail_connection(tenant, form.required("connection")?).await?;
    let email = form.required("email")?.to_lowercase();
    if !uris::is_email(&email) {
        return Err(OAuthError::invalid_request("email is not a mail address"));
    }
    let by_link = match form.value("send").unwrap_or("link") {
        "code" => false,
        "link" => true,
        _ => return Err(OAuthError::invalid_request("send must be code or link")),
    };
    engine.charge_message(tenant, &email, exchange.peer().address).await?;
    let code = engine.new_code(tenant, &connection, &email).await?;
    let link = link(exchange, caller.client(), (&connection.name.to_string(), &email, &code), &carried)?;
    let (occasion, what) = if by_link { (Occasion::LoginLink, link) } else { (Occasion::Code, code) };
    let outbound = Outbound {
        tenant: Arc::clone(tenant),
        connection,
        email: email.clone(),
        language: language(exchange),
        occasion,
        what,
        event: event(engine, exchange, caller.client()),
    };
    outbound.send_later(engine);
    let id =
        mint::hex24(engine.entropy(), "").map_err(|error| OAuthError::server_error(error.to_string()))?;
    let started = Started { id, email: &email, email_verified: false };
    serde_json::to_vec(&started).map_err(|error| OAuthError::server_error(error.to_string()))
}

impl Outbound {
    /// Sends it in a task of its own: nobody is told by the time that an answer takes who has an account.
    fn send_later(self, engine: &Arc<Engine>) {
        let engine = Arc::clone(engine);
        tokio::spawn(async move {
            if let Err(error) = self.send(&engine).await {
                tracing::warn!(cause = error.cause, "a code or link that was asked for was not sent");
            }
        });
    }

    async fn send(self, engine: &Engine) -> Result<(), OAuthError> {
        let Self { tenant, connection, email, language, occasion, what, event } = self;
        let reader = engine.reader(&tenant, &connection, &email).await?;
        if reader.is_written_to {
            let writing = Writing { occasion, to: &email, user: reader.user.as_ref(), language, what: &what };
            engine.write_to(&tenant, writing, connection.options.email.as_ref());
            engine.log(event);
        }
        Ok(())
    }
}

/// Where the link leads: the page that logs in, and on to the application.
fn link(
    exchange: &Exchange,
    client: &Client,
    (connection, email, code): (&str, &str, &str),
    carried: &Form<'_>,
) -> Result<String, OAuthError> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("client_id", client.client_id.as_str());
    query.append_pair("connection", connection);
    query.append_pair("email", email);
    query.append_pair("verification_code", code);
    for name in CARRIED {
        if let Some(text) = carried.value(name) {
            query.append_pair(name, text);
        }
    }
    let link = format!("{}passwordless/verify_redirect?{}", exchange.tenant().issuer, query.finish());
    if link.len() > LINK_MAX {
        return Err(OAuthError::invalid_request("authParams are too long"));
    }
    Ok(link)
}

/// Auth0's header for the language of the message.
fn language(exchange: &Exchange) -> &'static str {
    let asked = exchange.headers().get("x-request-language").and_then(|value| value.to_str().ok());
    let primary = asked.unwrap_or_default().split(['-', ',', ';']).next().unwrap_or_default().to_lowercase();
    ["de", "es", "fr", "it"].into_iter().find(|own| *own == primary).unwrap_or(DEFAULT_LANGUAGE)
}

/// What the tenant's log is told when something is sent.
fn event(engine: &Engine, exchange: &Exchange, client: &Client) -> LogEvent {
    LogEvent {
        tenant: exchange.tenant().tenant.id.clone(),
        event: EventType::Cls,
        at: engine.now(),
        client: Some(client.client_id.clone()),
        user: None,
        organization: None,
        session: None,
        address: Some(exchange.peer().address.to_string()),
        description: String::new(),
    }
}
