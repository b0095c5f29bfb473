//! One file per grant: name, accepted parameters, redeem. Everything is checked before anything is consumed.

use std::pin::Pin;
use std::sync::Arc;

use crate::claims::front_channel::Beside;
use crate::claims::{Facts, Issued};
use crate::client_auth::Caller;
use crate::engine::Engine;
use crate::model::log_event::EventType;
use crate::protocol::form::Form;
use crate::protocol::grant_type::GrantType;
use crate::protocol::oauth_error::OAuthError;
use crate::signing::keyset::KeySet;
use crate::transport::exchange::Exchange;

pub mod authorization_code;
pub mod client_credentials;
pub mod front_channel;
pub mod login;
pub mod password;
pub mod passwordless;
pub mod refresh_token;

/// A grant declares itself: the endpoint drops every other parameter before `redeem` sees the form.
pub struct Grant {
    /// The `grant_type` it answers to.
    pub name: GrantType,
    /// The parameters it reads, besides those of client authentication.
    pub parameters: &'static [&'static str],
    /// The log event of a success and of a failure.
    pub events: (EventType, EventType),
    redeem: for<'a> fn(Request<'a>) -> Redeeming<'a>,
}

/// What `redeem` returns, boxed so that grants fit in one table.
type Redeeming<'a> = Pin<Box<dyn Future<Output = Result<Granted, OAuthError>> + Send + 'a>>;

/// A token request by an authenticated client; a grant cannot run without the [`Caller`].
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The context.
    pub engine: &'a Engine,
    /// What arrived.
    pub exchange: &'a Exchange,
    /// Who asks.
    pub caller: &'a Caller,
    /// The declared parameters only.
    pub form: &'a Form<'a>,
}

/// Every grant on offer; discovery is derived from this table.
pub static GRANTS: &[Grant] = &[
    authorization_code::GRANT,
    client_credentials::GRANT,
    password::GRANT,
    password::REALM_GRANT,
    passwordless::GRANT,
    refresh_token::GRANT,
];

/// What a grant established; nothing is signed without one, and only grants make them.
pub struct Granted {
    facts: Facts,
    keys: Arc<KeySet>,
    refresh_token: Option<String>,
}

impl Grant {
    /// The grant called `name`.
    pub fn named(name: GrantType) -> Option<&'static Self> {
        GRANTS.iter().find(|grant| grant.name == name)
    }

    /// Redeems the request.
    ///
    /// # Errors
    /// Whatever the grant refuses; nothing was consumed then.
    pub async fn redeem(&self, request: Request<'_>) -> Result<Granted, OAuthError> {
        (self.redeem)(request).await
    }
}

impl Granted {
    fn new(facts: Facts, keys: Arc<KeySet>, refresh_token: Option<String>) -> Self {
        Self { facts, keys, refresh_token }
    }

    /// What was established.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Signs the tokens that come by way of the browser; the parameters that carry them.
    ///
    /// # Errors
    /// `server_error`.
    pub fn issue_to_browser(self, beside: Beside<'_>) -> Result<Vec<(&'static str, String)>, OAuthError> {
        crate::claims::front_channel::parameters(self.facts, &self.keys, beside)
    }

    /// Signs the tokens; `asked_scope` tells whether a scope was asked for.
    ///
    /// # Errors
    /// `server_error`.
    pub fn issue(self, asked_scope: bool) -> Result<Issued, OAuthError> {
        Issued::sign(&self.facts, &self.keys, self.refresh_token.as_deref(), asked_scope)
    }
}
