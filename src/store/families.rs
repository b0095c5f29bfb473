//! Refresh families: started once, rotated in one atomic verb, revoked.

use crate::clock::UnixMs;
use crate::model::family::{Family, NewFamily, Presented, Rotation};
use crate::protocol::ids::{FamilyKey, SessionId};
use crate::store::StoreError;

/// What starting a family did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// There is no such session (any more); nothing was stored.
    NoSession,
    /// The family stands at generation 1, and the session's record lives at least as long.
    Started,
}

/// Refresh families, each within a session.
#[async_trait::async_trait]
pub trait Families: Send + Sync {
    /// Starts a family in an existing session. *Careful* class.
    ///
    /// # Errors
    /// [`StoreError`]; starting the same family again is safe.
    async fn start(&self, session: SessionId, family: NewFamily, now: UnixMs) -> Result<Started, StoreError>;

    /// Rotates by the rule of [`crate::model::family::Family::rotate`], atomically. *Rotation* class: exactly
    /// one command, on one key; an expired family is [`Rotation::Unknown`].
    ///
    /// # Errors
    /// [`StoreError`]; presenting the same generation again is safe within the leeway.
    async fn rotate(&self, asked: Presented) -> Result<Rotation, StoreError>;

    /// Looks at a family without changing it, not even its idle expiry; `None` when expired at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn current(
        &self,
        session: SessionId,
        family: FamilyKey,
        now: UnixMs,
    ) -> Result<Option<Family>, StoreError>;

    /// When a family ends if nobody refreshes; `None` when it never does, or is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn ends_at(&self, session: SessionId, family: FamilyKey) -> Result<Option<UnixMs>, StoreError>;

    /// Deletes a family; `false` when there was none. *Careful* class; the caller also publishes
    /// [`crate::model::change::Change::FamilyRevoked`].
    ///
    /// # Errors
    /// [`StoreError`]; revoking again is safe.
    async fn revoke(&self, session: SessionId, family: FamilyKey) -> Result<bool, StoreError>;
}
