//! Why a server did not start.

use crate::actors::StartError as ActorError;
use crate::engine::mail::MailError;
use crate::protocol::oauth_error::OAuthError;
use crate::store::StoreError;
use crate::transport::BindError;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A supervised part did not start.
    #[error("actors: {0}")]
    Actors(#[from] ActorError),
    /// An address could not be listened at.
    #[error("listener: {0}")]
    Bind(#[from] BindError),
    /// A record that must be there could not be made.
    #[error("bootstrap: {0}")]
    Bootstrap(String),
    /// Messages could not be sent as configured.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The master key is missing or unreadable.
    #[error("master_key: {0}")]
    MasterKey(String),
    /// The store did not open or answer.
    #[error("store: {0}")]
    Store(#[from] StoreError),
}

impl From<OAuthError> for StartError {
    fn from(error: OAuthError) -> Self {
        Self::Bootstrap(error.cause.unwrap_or_else(|| error.description.into_owned()))
    }
}
