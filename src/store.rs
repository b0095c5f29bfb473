//! What must be shared or unique: one trait per capability, in domain words, on two backends.
//!
//! A method returns *what happened*; absence is an `Option`, not an error. One contract test suite
//! (`tests/contract`) runs on every backend.

use std::sync::Arc;

use crate::protocol::oauth_error::OAuthError;

pub mod audit_log;
pub mod cached;
pub mod catalog;
pub mod change_feed;
pub mod cluster;
pub mod counters;
#[cfg(test)]
pub(crate) mod double;
pub mod embedded;
pub mod families;
pub mod identifiers;
pub mod jobs;
pub mod memberships;
pub mod metered;
pub mod records;
pub mod sessions;
pub mod spends;
pub mod statistics;

pub use audit_log::AuditLog;
pub use change_feed::ChangeFeed;
pub use counters::Counters;
pub use families::Families;
pub use identifiers::Identifiers;
pub use jobs::Jobs;
pub use memberships::Memberships;
pub use records::Records;
pub use sessions::Sessions;
pub use spends::Spends;
pub use statistics::Statistics;

/// Every capability of a backend.
pub trait Store:
    AuditLog
    + ChangeFeed
    + Counters
    + Families
    + Identifiers
    + Jobs
    + Memberships
    + Records
    + Sessions
    + Spends
    + Statistics
    + Health
{
}

impl<S> Store for S where
    S: AuditLog
        + ChangeFeed
        + Counters
        + Families
        + Identifiers
        + Jobs
        + Memberships
        + Records
        + Sessions
        + Spends
        + Statistics
        + Health
{
}

/// A store behind a pointer; cheap to clone.
pub type SharedStore = Arc<dyn Store>;

/// Whether the store answers.
#[async_trait::async_trait]
pub trait Health: Send + Sync {
    /// Asks the store for a sign of life.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is none within the store's own time limit.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Finishes what is under way and closes; afterwards every call is [`StoreError::Unavailable`].
    async fn close(&self);
}

/// Why a store could not say what happened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// What is stored cannot be read: a fault of ours, or of a hand in the data.
    #[error("the store holds something unreadable: {0}")]
    Corrupt(String),
    /// The write was made but a replica did not confirm it in time, and configuration says to refuse then.
    #[error("no replica confirmed the write: {0}")]
    NotReplicated(String),
    /// Nothing was done.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The write may or may not have been made; every verb may safely be repeated.
    #[error("the store did not answer in time: {0}")]
    Unknown(String),
}

impl StoreError {
    /// The label under which metrics count this error.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Corrupt(_) => "corrupt",
            Self::NotReplicated(_) => "not_replicated",
            Self::Unavailable(_) => "unavailable",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl From<StoreError> for OAuthError {
    /// What a caller is told of a store's trouble: try again, unless no retry can help.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt(_) => Self::server_error(error.to_string()),
            StoreError::NotReplicated(_) | StoreError::Unavailable(_) | StoreError::Unknown(_) => {
                Self::unavailable(error.to_string())
            }
        }
    }
}
