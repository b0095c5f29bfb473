//! Sessions and families: opened at login, ended for good, and said so to every node.

use std::sync::Arc;

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::engine::endings::Endings;
use crate::model::change::Change;
use crate::model::client::Client;
use crate::model::family::{NewFamily, Presented, Rotation};
use crate::model::oidc_logout::Initiator;
use crate::model::session::{Ended, Session};
use crate::protocol::ids::{FamilyId, FamilyKey, SessionId, TenantId, UserId};
use crate::protocol::oauth_error::OAuthError;
use crate::store::StoreError;

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

    /// Rotates by way of the session's shard. When the token was used twice, the revocation of its family is
    /// written twice, and with `reuse_ends_session` the session ends. With it, all of this is done even when the
    /// request is given up: the store has forgotten the family by then, so no later request would show the reuse,
    /// and whoever hangs up early must not keep the session.
    ///
    /// # Errors
    /// `temporarily_unavailable`; the same token may be presented again.
    pub async fn rotate(&self, asked: Presented, reuse_ends_session: bool) -> Result<Rotation, OAuthError> {
        let rotating = rotate(Arc::clone(self.endings()), asked, reuse_ends_session);
        if reuse_ends_session { carried_out(rotating).await } else { rotating.await }
    }

    /// Ends a session, here and, by the change feed, after any failover, and tells its applications; even when the
    /// request is given up.
    ///
    /// # Errors
    /// `temporarily_unavailable`; ending again is safe.
    pub async fn end_session(&self, session: SessionId, initiator: Initiator) -> Result<Ended, OAuthError> {
        let endings = Arc::clone(self.endings());
        carried_out(async move { Ok(endings.end(session, initiator).await?) }).await
    }

    /// Ends every session of a user but `spared`, with all refresh families.
    ///
    /// # Errors
    /// `temporarily_unavailable`; ending again is safe.
    pub async fn end_sessions(
        &self,
        tenant: &TenantId,
        user: &UserId,
        initiator: Initiator,
        spared: Option<SessionId>,
    ) -> Result<(), OAuthError> {
        for session in self.store().of_user(tenant, user, self.now()).await? {
            if Some(session) != spared {
                self.end_session(session, initiator).await?;
            }
        }
        Ok(())
    }

    /// Remembers that `client` takes part in `session`, if it wants to be told of its end.
    ///
    /// # Errors
    /// `temporarily_unavailable`; the application must get nothing then.
    pub async fn remember_client(&self, session: &Session, client: &Client) -> Result<(), OAuthError> {
        let id = &client.client_id;
        if !client.wants_logout() || session.clients.contains(id) {
            return Ok(());
        }
        if !self.store().remember_client(session.id, id).await? {
            tracing::warn!(client = %id, "a session has too many applications, or ended; this one will not be told");
        }
        Ok(())
    }

    /// Revokes one family, here and, by the change feed, after any failover.
    ///
    /// # Errors
    /// `temporarily_unavailable`; revoking again is safe.
    pub async fn revoke_family(&self, session: SessionId, family: FamilyKey) -> Result<bool, OAuthError> {
        Ok(revoke(self.endings(), (session, family), self.now()).await?)
    }
}

async fn rotate(
    endings: Arc<Endings>,
    asked: Presented,
    reuse_ends_session: bool,
) -> Result<Rotation, OAuthError> {
    let rotation =
        endings.ring.rotate(asked).await.map_err(|error| OAuthError::unavailable(error.to_string()))?;
    if rotation == Rotation::Reused {
        carried_out(end_reused(endings, asked, reuse_ends_session)).await?;
    }
    Ok(rotation)
}

async fn end_reused(
    endings: Arc<Endings>,
    asked: Presented,
    reuse_ends_session: bool,
) -> Result<(), OAuthError> {
    let Presented { session, family, now, .. } = asked;
    if let Err(error) = revoke(&endings, (session, family), now).await {
        tracing::warn!(%error, "the revocation of a reused family was not written twice");
    }
    if reuse_ends_session {
        endings.end(session, Initiator::SessionRevoked).await?;
    }
    Ok(())
}

/// Carries `work` out to its end, also when nobody waits for it any more.
async fn carried_out<T: Send + 'static>(
    work: impl Future<Output = Result<T, OAuthError>> + Send + 'static,
) -> Result<T, OAuthError> {
    tokio::spawn(work).await.map_err(|error| OAuthError::unavailable(error.to_string()))?
}

/// Revokes a family in its own slot, on this node at once, and in the feed.
async fn revoke(
    endings: &Endings,
    (session, family): (SessionId, FamilyKey),
    at: UnixMs,
) -> Result<bool, StoreError> {
    let existed = endings.store.revoke(session, family).await?;
    endings.ring.forget_family(session, family);
    endings.store.publish(&Change::FamilyRevoked { session, family, at }).await?;
    Ok(existed)
}
