//! Why nothing is written or answered any more.

use std::fmt::Display;
use std::sync::{Arc, OnceLock};

use crate::store::StoreError;

/// What failed first, if anything did. Nobody can tell what of a failed write reached the disk, until the process has
/// started again and read its journal.
#[derive(Clone, Default)]
pub(super) struct Failure(Arc<OnceLock<String>>);

impl Failure {
    /// # Errors
    /// [`StoreError::Unavailable`] from the first failure on.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match self.0.get() {
            Some(cause) => Err(StoreError::Unavailable(format!("an earlier write failed: {cause}"))),
            None => Ok(()),
        }
    }

    /// Notes what the store could not do, and why; gives what failed first.
    pub(super) fn note(&self, what: &str, cause: &impl Display) -> String {
        tracing::error!(%cause, "the store could not {what} and refuses everything until it is opened again");
        self.0.get_or_init(|| cause.to_string()).clone()
    }
}
