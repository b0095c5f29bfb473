//! `POST /oauth/token` (RFC 6749 §3.2): the hot path.

use http::StatusCode;
use tokio::time::Instant;

use crate::client_auth::{self, Caller};
use crate::engine::Engine;
use crate::grants::{Grant, Granted, Request};
use crate::model::log_event::{EventType, LogEvent};
use crate::protocol::form::Form;
use crate::protocol::grant_type::GrantType;
use crate::protocol::ids::ClientId;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::telemetry::labels::GrantLabel;
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Manner, Reply};

/// The part of an error's description that is kept in the tenant's log.
const LOGGED_CHARACTERS: usize = 300;

/// How far a request came.
#[derive(Default)]
struct Attempt {
    grant: Option<&'static Grant>,
    client: Option<ClientId>,
}

/// Answers a token request.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Reply {
    let started = Instant::now();
    let mut attempt = Attempt::default();
    let outcome = exchange_tokens(engine, exchange, &mut attempt).await;
    let label = attempt.grant.map_or(GrantLabel::Other, |grant| label(grant.name));
    let code = outcome.as_ref().map_or_else(|error| error.code.name(), |_| "ok");
    engine.metrics().token_request(label, code, started.elapsed().as_secs_f64());
    let mut reply = match outcome {
        Ok(body) => reply::json(StatusCode::OK, body),
        Err(error) => {
            report(engine, exchange, &attempt, &error);
            reply::error(&error, manner(exchange))
        }
    };
    if exchange.has_origin() {
        reply::readable_everywhere(&mut reply);
    }
    reply
}

async fn exchange_tokens(
    engine: &Engine,
    exchange: &Exchange,
    attempt: &mut Attempt,
) -> Result<Vec<u8>, OAuthError> {
    let mut form = exchange.form()?;
    let name = form.required("grant_type")?;
    let grant = GrantType::parse(name).and_then(Grant::named).ok_or_else(unsupported)?;
    attempt.grant = Some(grant);
    let caller = client_auth::authenticate(engine, exchange, &form).await?;
    attempt.client = Some(caller.client().client_id.clone());
    if !caller.client().allows(grant.name) {
        let description = format!("Grant type '{}' not allowed for the client.", grant.name.name());
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, Fault::Client, description));
    }
    form.retain(|name| grant.parameters.contains(&name));
    let granted = redeem(engine, exchange, &caller, grant, &form).await?;
    // That of a code was asked for where it was issued.
    let asked_scope = form.value("scope").is_some() || grant.name == GrantType::AuthorizationCode;
    Ok(granted.issue(asked_scope)?.into_json())
}

async fn redeem(
    engine: &Engine,
    exchange: &Exchange,
    caller: &Caller,
    grant: &Grant,
    form: &Form<'_>,
) -> Result<Granted, OAuthError> {
    let granted = grant.redeem(Request { engine, exchange, caller, form }).await?;
    // A login is logged whatever configuration says of tokens: the tenant's statistics count it.
    if grant.events.0 == EventType::Sepft || engine.logs_token_successes() {
        let facts = granted.facts();
        engine.log(LogEvent {
            tenant: facts.tenant.tenant.id.clone(),
            event: grant.events.0,
            at: facts.now,
            client: Some(facts.client.client_id.clone()),
            user: facts.user().map(|user| user.user_id.clone()),
            organization: facts.organization.as_ref().map(|organization| organization.id.clone()),
            session: None,
            address: Some(exchange.peer().address.to_string()),
            description: String::new(),
        });
    }
    Ok(granted)
}

/// Tells the process's log of a failure and, once a client has proved who it is, the tenant's: a stranger who
/// never does writes nothing (design §1).
fn report(engine: &Engine, exchange: &Exchange, attempt: &Attempt, error: &OAuthError) {
    let request_id = exchange.request_id();
    match error.fault {
        // As many of these as there are requests too many.
        Fault::Ourselves if error.code == ErrorCode::TemporarilyUnavailable => {
            tracing::warn!(%request_id, cause = error.cause, "token request put off");
        }
        Fault::Ourselves => {
            tracing::error!(%request_id, code = error.code.name(), cause = error.cause, "token request failed");
        }
        Fault::Client | Fault::Tenant | Fault::User => {
            tracing::debug!(%request_id, code = error.code.name(), cause = error.cause, "token request refused");
        }
    }
    let (Some(grant), Some(client)) = (attempt.grant, &attempt.client) else { return };
    engine.log(LogEvent {
        tenant: exchange.tenant().tenant.id.clone(),
        event: grant.events.1,
        at: engine.now(),
        client: Some(client.clone()),
        user: None,
        organization: None,
        session: None,
        address: Some(exchange.peer().address.to_string()),
        // A description may quote the request; what a caller sends must not fill the log.
        description: error.description.chars().take(LOGGED_CHARACTERS).collect(),
    });
}

/// How this request's errors are told.
pub fn manner(exchange: &Exchange) -> Manner {
    Manner {
        auth0_conformant: exchange.tenant().tenant.settings.auth0_conformant,
        basic: exchange.authorization("Basic").is_some(),
    }
}

fn unsupported() -> OAuthError {
    OAuthError::new(ErrorCode::UnsupportedGrantType, Fault::Client, "Unsupported grant type")
}

fn label(grant: GrantType) -> GrantLabel {
    match grant {
        GrantType::AuthorizationCode => GrantLabel::AuthorizationCode,
        GrantType::ClientCredentials => GrantLabel::ClientCredentials,
        GrantType::Password | GrantType::PasswordRealm | GrantType::PasswordlessOtp => GrantLabel::Password,
        GrantType::RefreshToken => GrantLabel::RefreshToken,
        GrantType::Implicit => GrantLabel::Other,
    }
}
