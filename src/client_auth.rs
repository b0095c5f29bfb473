//! Client authentication (RFC 6749 §2.3): who presents what, and the proof that it is them.

use std::sync::Arc;

use crate::engine::Engine;
use crate::model::client::{AuthMethod, Client};
use crate::protocol::form::Form;
use crate::protocol::oauth_error::OAuthError;
use crate::transport::exchange::Exchange;

pub mod assertion;
pub mod presented;
pub mod secret;

use presented::{Presented, Proof};

/// The parameters of client authentication, which every grant may be accompanied by.
pub const PARAMETERS: [&str; 4] = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// The methods on offer, for discovery.
pub const METHODS: [AuthMethod; 4] = [
    AuthMethod::ClientSecretBasic,
    AuthMethod::ClientSecretPost,
    AuthMethod::None,
    AuthMethod::PrivateKeyJwt,
];

/// This client, authenticated this way; only [`authenticate`] makes one.
#[derive(Clone, Debug)]
pub struct Caller {
    client: Arc<Client>,
}

impl Caller {
    /// The client.
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// Whether it proved who it is, beyond saying so.
    pub fn is_confidential(&self) -> bool {
        self.client.is_confidential()
    }
}

/// Finds the client that asks and checks its proof by the one method that it is registered for.
///
/// # Errors
/// `invalid_request` when no client or more than one method is named; `invalid_client` in one wording for
/// everything that is wrong with the proof; `temporarily_unavailable` when it cannot be checked.
pub async fn authenticate(
    engine: &Engine,
    exchange: &Exchange,
    form: &Form<'_>,
) -> Result<Caller, OAuthError> {
    let presented = Presented::of(exchange, form)?;
    let tenant = &exchange.tenant().tenant.id;
    let Some(client) = engine.cached().client(tenant, presented.client_id()).await? else {
        return Err(OAuthError::invalid_client().because("no such client"));
    };
    let registered = client.token_endpoint_auth_method;
    if presented.method() != registered {
        let cause = format!("presented {:?}, registered {registered:?}", presented.method());
        return Err(OAuthError::invalid_client().because(cause));
    }
    match presented.proof() {
        Proof::Nothing => {}
        Proof::Secret(secret) => secret::check(engine, exchange, &client, secret.bytes()).await?,
        Proof::Assertion(assertion) => assertion::check(engine, exchange, &client, assertion).await?,
    }
    Ok(Caller { client })
}
