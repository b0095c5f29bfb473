//! `GET /.well-known/openid-configuration` (OpenID Connect Discovery §4) and `oauth-authorization-server`
//! (RFC 8414).

use crate::claims::discovery;
use crate::client_auth::METHODS;
use crate::engine::Engine;
use crate::grants::GRANTS;
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Reply};

/// Answers with what the tenant offers, derived from the tables of grants, claims and methods.
pub fn answer(engine: &Engine, exchange: &Exchange) -> Reply {
    let grants = GRANTS.iter().map(|grant| grant.name);
    let document = discovery::document(exchange.tenant(), grants, &METHODS);
    let body = serde_json::to_vec(&document).unwrap_or_default();
    reply::public_json(body.into(), engine.documents_max_age_secs())
}
