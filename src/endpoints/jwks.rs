//! `GET /.well-known/jwks.json` (RFC 7517 §5): rendered once per change of keys.

use crate::endpoints::token::manner;
use crate::engine::Engine;
use crate::model::signing_key::Algorithm;
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Reply};

/// Answers with every published key of the tenant: of each algorithm, whether anything was signed with it yet or not,
/// because whoever keeps this answer for its `max-age` must be able to verify what is signed meanwhile.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Reply {
    match engine.keys(&exchange.tenant().tenant.id, &Algorithm::ALL).await {
        Ok(keys) => reply::public_json(keys.jwks().clone(), engine.documents_max_age_secs()),
        Err(error) => reply::error(&error, manner(exchange)),
    }
}
