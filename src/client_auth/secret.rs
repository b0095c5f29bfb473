//! `client_secret_basic` and `client_secret_post`: a generated secret costs a keyed hash, a chosen one argon2id.

use zeroize::Zeroizing;

use crate::actors::passwords::Verdict;
use crate::engine::Engine;
use crate::engine::people::not_checked;
use crate::model::client::{Client, SecretHash};
use crate::protocol::oauth_error::OAuthError;
use crate::transport::exchange::Exchange;

/// Checks a secret against every one that the client has.
///
/// # Errors
/// `invalid_client` when it is none of them; `too_many_requests` when the address guessed too often;
/// `temporarily_unavailable` when it cannot be checked.
pub async fn check(
    engine: &Engine,
    exchange: &Exchange,
    client: &Client,
    secret: &[u8],
) -> Result<(), OAuthError> {
    for own in &client.secrets {
        let matches = match own {
            SecretHash::Keyed(hash) => engine.sealer().secret_matches(&client.tenant, secret, hash),
            SecretHash::Argon2(hash) => is_chosen(engine, exchange, client, (secret, hash)).await?,
        };
        if matches {
            return Ok(());
        }
    }
    Err(OAuthError::invalid_client().because("wrong secret"))
}

async fn is_chosen(
    engine: &Engine,
    exchange: &Exchange,
    client: &Client,
    (secret, hash): (&[u8], &str),
) -> Result<bool, OAuthError> {
    let Ok(text) = std::str::from_utf8(secret) else { return Ok(false) };
    if engine.secret_memo().knows(text, hash) {
        return Ok(true);
    }
    let (tenant, address) = (exchange.tenant(), exchange.peer().address);
    // Hashing is dear: who guesses may not have it for nothing.
    engine.charge_secret(tenant, address).await?;
    let passwords = engine.actors().passwords.of(&client.tenant);
    let verdict = passwords.verify(Zeroizing::new(text.to_owned()), hash.to_owned()).await;
    if matches!(verdict, Ok(Verdict::Mismatch)) {
        return Ok(false);
    }
    engine.take_secret_back(tenant, address).await?;
    verdict.map_err(not_checked)?;
    engine.secret_memo().remember(text, hash);
    Ok(true)
}
