//! `POST /oauth/par` (RFC 9126): an authorization request, pushed by the client that it is of.

use http::StatusCode;
use serde::Serialize;

use crate::client_auth;
use crate::endpoints::token::manner;
use crate::engine::Engine;
use crate::protocol::oauth_error::OAuthError;
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Reply};

/// RFC 9126 §2.2.
#[derive(Serialize)]
struct Pushed<'a> {
    request_uri: &'a str,
    expires_in: u64,
}

/// Answers with a name for the request.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Reply {
    let mut reply = match push(engine, exchange).await {
        Ok(body) => reply::json(StatusCode::CREATED, body),
        Err(error) => reply::error(&error, manner(exchange)),
    };
    if exchange.has_origin() {
        reply::readable_everywhere(&mut reply);
    }
    reply
}

async fn push(engine: &Engine, exchange: &Exchange) -> Result<Vec<u8>, OAuthError> {
    let form = exchange.form()?;
    let caller = client_auth::authenticate(engine, exchange, &form).await?;
    let pushed = engine.push(exchange.tenant(), caller.client(), &form).await?;
    let body = Pushed { request_uri: &pushed.name, expires_in: pushed.expires_in_secs };
    serde_json::to_vec(&body).map_err(|error| OAuthError::server_error(error.to_string()))
}
