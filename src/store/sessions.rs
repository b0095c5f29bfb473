//! Sessions: opened at login, found, touched, ended with all their families.

use crate::clock::UnixMs;
use crate::model::family::NewFamily;
use crate::model::session::{Ended, Session};
use crate::protocol::ids::{SessionId, TenantId, UserId};
use crate::store::StoreError;

/// Sessions and the refresh families inside them.
#[async_trait::async_trait]
pub trait Sessions: Send + Sync {
    /// Stores a new session and, in the same verb, its first family. *Careful* class.
    ///
    /// # Errors
    /// [`StoreError`]; opening the same session again is safe.
    async fn open(&self, session: &Session, family: Option<NewFamily>) -> Result<(), StoreError>;

    /// The session called `id`, unless ended or expired at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn find(&self, id: SessionId, now: UnixMs) -> Result<Option<Session>, StoreError>;

    /// Replaces what is remembered of a live session (re-authentication, device); `false` when there is none.
    /// Families stay. The expiry only moves later. *Careful* class.
    ///
    /// # Errors
    /// [`StoreError`]; updating again is safe.
    async fn update(&self, session: &Session) -> Result<bool, StoreError>;

    /// Deletes the session and all its families in one verb. *Careful* class; the caller also publishes
    /// [`crate::model::change::Change::SessionEnded`].
    ///
    /// # Errors
    /// [`StoreError`]; ending again is safe.
    async fn end(&self, id: SessionId) -> Result<Ended, StoreError>;

    /// The families that live in a session, in no order; empty when there is no such session.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn families_of(&self, id: SessionId) -> Result<Vec<crate::protocol::ids::FamilyKey>, StoreError>;

    /// The sessions of a user that have neither ended nor expired at `now`, in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn of_user(
        &self,
        tenant: &TenantId,
        user: &UserId,
        now: UnixMs,
    ) -> Result<Vec<SessionId>, StoreError>;
}
