//! Sessions and families: opened at login, ended for good, and said so to every node.

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::model::change::Change;
use crate::model::family::{NewFamily, Presented, Rotation};
use crate::model::session::{Ended, Session};
use crate::protocol::ids::{FamilyId, FamilyKey, SessionId};
use crate::protocol::oauth_error::OAuthError;

impl Engine {
    /// A session id that nobody has.
    ///
    /// # Errors
    /// `server_error` when there is no randomness.
    pub fn new_session_id(&self) -> Result<SessionId, OAuthError> {
        self.entropy().bytes().map(SessionId).map_err(|error| OAuthError::server_error(error.to_string()))
    }

    /// A family id that nobody can guess.
    ///
    /// # Errors
    /// `server_error` when there is no randomness.
    pub fn new_family_id(&self) -> Result<FamilyId, OAuthError> {
        self.entropy().bytes().map(FamilyId).map_err(|error| OAuthError::server_error(error.to_string()))
    }

    /// Stores a new session, with its first family if it has one.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot.
    pub async fn open_session(&self, session: &Session, family: Option<NewFamily>) -> Result<(), OAuthError> {
        Ok(self.store().open(session, family).await?)
    }

    /// Whether the session has neither ended nor expired, asked of the store itself.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn session(&self, id: SessionId, now: UnixMs) -> Result<Option<Session>, OAuthError> {
        Ok(self.store().find(id, now).await?)
    }

    /// Rotates by way of the session's shard.
    ///
    /// # Errors
    /// `temporarily_unavailable`; the same token may be presented again.
    pub async fn rotate(&self, asked: Presented) -> Result<Rotation, OAuthError> {
        self.actors().ring.rotate(asked).await.map_err(|error| OAuthError::unavailable(error.to_string()))
    }

    /// Ends a session and all its families, here and, by the change feed, after any failover.
    ///
    /// # Errors
    /// `temporarily_unavailable`; ending again is safe.
    pub async fn end_session(&self, session: SessionId) -> Result<Ended, OAuthError> {
        let ended = self.store().end(session).await?;
        self.store().publish(&Change::SessionEnded { session, at: self.now() }).await?;
        Ok(ended)
    }

    /// Revokes one family, here and, by the change feed, after any failover.
    ///
    /// # Errors
    /// `temporarily_unavailable`; revoking again is safe.
    pub async fn revoke_family(&self, session: SessionId, family: FamilyKey) -> Result<bool, OAuthError> {
        let existed = self.store().revoke(session, family).await?;
        self.store().publish(&Change::FamilyRevoked { session, family, at: self.now() }).await?;
        Ok(existed)
    }
}
