//! Sessions: opened at login, found, touched, ended with all their families.

use crate::clock::UnixMs;
use crate::model::family::NewFamily;
use crate::model::session::{Device, End, Ended, Session};
use crate::protocol::ids::{ClientId, SessionId, TenantId, UserId};
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
    /// Families and clients stay. The expiry only moves later. *Careful* class.
    ///
    /// # Errors
    /// [`StoreError`]; updating again is safe.
    async fn update(&self, session: &Session) -> Result<bool, StoreError>;

    /// Notes where a live session is used, unless anything else but its clients was changed since it was `seen`;
    /// `false` then. *Rotation* class: a use that is lost is noted the next time.
    ///
    /// # Errors
    /// [`StoreError`]; touching again is safe.
    async fn touch(&self, seen: &Session, device: &Device) -> Result<bool, StoreError>;

    /// Remembers that `client` takes part in a live session; once, however often it is said. `false` when there is
    /// no such session, or it has [`crate::model::session::CLIENTS_MAX`] others. *Careful* class.
    ///
    /// # Errors
    /// [`StoreError`]; saying it again is safe.
    async fn remember_client(&self, id: SessionId, client: &ClientId) -> Result<bool, StoreError>;

    /// Ends the session in one verb, with all its families or all but those that survive a logout; of callers at the
    /// same time, one is told [`Ended::Ended`]. *Careful* class; the caller also publishes
    /// [`crate::model::change::Change::SessionEnded`].
    ///
    /// # Errors
    /// [`StoreError`]; ending again is safe.
    async fn end(&self, id: SessionId, how: End) -> Result<Ended, StoreError>;

    /// The families that live in a session, or have survived it, in no order; empty when there is no such session.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn families_of(&self, id: SessionId) -> Result<Vec<crate::protocol::ids::FamilyKey>, StoreError>;

    /// The sessions of a user that have neither expired at `now` nor ended, except for families that survive; in no
    /// order.
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
