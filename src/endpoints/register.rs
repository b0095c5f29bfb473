//! `POST /oidc/register` (RFC 7591) and `GET|PUT|DELETE /oidc/register/{client_id}` (RFC 7592): applications of
//! somebody else register and manage themselves, where the tenant allows it.

use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client_auth;
use crate::endpoints::register::metadata::Metadata;
use crate::engine::Engine;
use crate::engine::records::flaws::Flaw;
use crate::engine::records::secrets::Secret;
use crate::engine::records::{Mode, Put, Refusal};
use crate::model::client::Client;
use crate::model::record::Record as _;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Manner, Reply};

pub mod metadata;

/// Where clients register; each manages itself below it.
pub const PATH: &str = "/oidc/register";

/// Answers at [`PATH`] and below it.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Reply {
    let mut reply = match run(engine, exchange).await {
        Ok(reply) => reply,
        Err(error) => reply::error(&error, Manner::default()),
    };
    reply::readable_everywhere(&mut reply);
    reply
}

/// The client that a path below [`PATH`] names.
pub fn named(path: &str) -> Option<&str> {
    path.strip_prefix(PATH)?.strip_prefix('/').filter(|id| !id.is_empty() && !id.contains('/'))
}

async fn run(engine: &Engine, exchange: &Exchange) -> Result<Reply, OAuthError> {
    if !exchange.tenant().tenant.settings.flags.enable_dynamic_client_registration {
        return Err(OAuthError::new(
            ErrorCode::NotFound,
            Fault::Tenant,
            "Clients cannot register themselves here",
        ));
    }
    let Some(id) = named(exchange.path()) else { return register(engine, exchange).await };
    let token = exchange.authorization("Bearer").ok_or_else(not_yours)?;
    let tenant = &exchange.tenant().tenant.id;
    let client = engine.registered(tenant, id, token).await?.ok_or_else(not_yours)?;
    match *exchange.method() {
        Method::PUT => replace(engine, exchange, client).await,
        Method::DELETE => {
            let removed = crate::engine::registrar::registrar(engine).remove_client(tenant, id).await;
            engine.cached().apply(&removed.map_err(refused)?.change());
            Ok(reply::empty(StatusCode::NO_CONTENT))
        }
        _ => shown(engine, exchange, StatusCode::OK, (&client, None)),
    }
}

async fn register(engine: &Engine, exchange: &Exchange) -> Result<Reply, OAuthError> {
    let draft = read(exchange)?.draft(None)?;
    engine.admit_registration(&exchange.tenant().tenant.id, exchange.peer().address).await?;
    put(engine, exchange, draft, StatusCode::CREATED).await
}

/// RFC 7592 §2.2: what is left out takes its default again; the secret stays, and must be right if it is named.
async fn replace(engine: &Engine, exchange: &Exchange, client: Client) -> Result<Reply, OAuthError> {
    let metadata = read(exchange)?;
    if metadata.client_id.as_deref() != Some(client.client_id.as_str()) {
        return Err(metadata::invalid("client_id", "expected the client's own"));
    }
    if let Some(secret) = &metadata.client_secret {
        let checked = client_auth::secret::check(engine, exchange, &client, secret.as_bytes()).await;
        checked.map_err(|_| metadata::invalid("client_secret", "expected the client's own"))?;
    }
    let draft = metadata.draft(Some(&client))?;
    put(engine, exchange, draft, StatusCode::OK).await
}

async fn put(
    engine: &Engine,
    exchange: &Exchange,
    draft: crate::engine::records::clients::ClientDraft,
    status: StatusCode,
) -> Result<Reply, OAuthError> {
    let mode = if status == StatusCode::CREATED { Mode::Create } else { Mode::Update };
    let registrar = crate::engine::registrar::registrar(engine);
    let Put { record, secret, .. } =
        registrar.put_client(&exchange.tenant().tenant, draft, mode).await.map_err(refused)?;
    engine.cached().apply(&record.change());
    shown(engine, exchange, status, (&record, secret.as_ref().map(Secret::expose)))
}

/// RFC 7591 §3.2.1, RFC 7592 §3.
fn shown(
    engine: &Engine,
    exchange: &Exchange,
    status: StatusCode,
    (client, secret): (&Client, Option<&str>),
) -> Result<Reply, OAuthError> {
    let mut body = metadata::of(client);
    body["registration_access_token"] = json!(engine.registration_token(client)?);
    let issuer = exchange.tenant().issuer.trim_end_matches('/');
    body["registration_client_uri"] = json!(format!("{issuer}{PATH}/{}", client.client_id));
    if let Some(secret) = secret {
        body["client_secret"] = json!(secret);
    }
    if !client.secrets.is_empty() {
        body["client_secret_expires_at"] = json!(0);
    }
    Ok(reply::json(status, Value::to_string(&body)))
}

fn read(exchange: &Exchange) -> Result<Metadata, OAuthError> {
    let kind = exchange.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        let description = "Content-Type must be application/json";
        return Err(OAuthError::new(ErrorCode::UnsupportedMediaType, Fault::Client, description));
    }
    Metadata::read(exchange.body())
}

/// The refusals of the path that administrators use, in the words of RFC 7591 §3.2.2.
fn refused(refusal: Refusal) -> OAuthError {
    match refusal {
        Refusal::Invalid(flaws) => match flaws.first() {
            Some(Flaw { path, expected }) => metadata::invalid(metadata::wire_name(path), expected),
            None => OAuthError::server_error("nothing was wrong"),
        },
        Refusal::Busy { retry_after_secs } => {
            OAuthError::unavailable("hashing is busy").retry_after(retry_after_secs)
        }
        Refusal::Conflict => OAuthError::unavailable("changed at the same time"),
        Refusal::Missing => not_yours(),
        Refusal::Exists
        | Refusal::InUse(_)
        | Refusal::NameTaken { .. }
        | Refusal::Ours(_)
        | Refusal::Password(_) => OAuthError::server_error(refusal.to_string()),
        Refusal::Store(error) => error.into(),
    }
}

/// RFC 7592 §2: one answer for a wrong token, a wrong client, and a client that is gone.
fn not_yours() -> OAuthError {
    let description = "The registration access token is missing or not this client's";
    OAuthError::new(ErrorCode::InvalidToken, Fault::Client, description)
}
