//! Sessions and families: opened at login, ended for good, and said so to every node.

use std::sync::Arc;

use futures_util::future::try_join_all;

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

/// Sessions that one request ends before it answers.
pub const ENDED_AT_ONCE: usize = 128;
/// Sessions that are ended side by side.
const ABREAST: usize = 16;

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

    /// The live sessions of a user, in order of id.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn sessions_of(&self, tenant: &TenantId, user: &UserId) -> Result<Vec<SessionId>, OAuthError> {
        let mut sessions = self.store().of_user(tenant, user, self.now()).await?;
        sessions.sort_unstable();
        Ok(sessions)
    }

    /// Ends every session of a user but `spared`, with all refresh families, and tells their applications: the first
    /// [`ENDED_AT_ONCE`] before this returns, the others in a task of its own, so that one request has a bound. Whoever
    /// may end more than those sees to it first that nobody can use the others.
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
        let mut sessions = self.sessions_of(tenant, user).await?;
        sessions.retain(|session| Some(*session) != spared);
        let later = sessions.split_off(sessions.len().min(ENDED_AT_ONCE));
        let endings = Arc::clone(self.endings());
        carried_out(async move { Ok(end_all(&endings, &sessions, initiator).await?) }).await?;
        if !later.is_empty() {
            let endings = Arc::clone(self.endings());
            tokio::spawn(async move {
                if let Err(error) = end_all(&endings, &later, initiator).await {
                    tracing::warn!(%error, "sessions that nobody can use any more are kept until they expire");
                }
            });
        }
        Ok(())
    }

    /// Revokes the families of sessions, which live on: those of the first [`ENDED_AT_ONCE`] before this returns,
    /// the others in a task of its own.
    ///
    /// # Errors
    /// `temporarily_unavailable`; revoking again is safe.
    pub async fn revoke_families_of(&self, mut sessions: Vec<SessionId>) -> Result<(), OAuthError> {
        let later = sessions.split_off(sessions.len().min(ENDED_AT_ONCE));
        let (endings, now) = (Arc::clone(self.endings()), self.now());
        revoke_all(&endings, &sessions, now).await?;
        if !later.is_empty() {
            tokio::spawn(async move {
                if let Err(error) = revoke_all(&endings, &later, now).await {
                    tracing::error!(%error, "refresh tokens that were to be revoked are not; revoke them again");
                }
            });
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

async fn end_all(
    endings: &Arc<Endings>,
    sessions: &[SessionId],
    initiator: Initiator,
) -> Result<(), StoreError> {
    for some in sessions.chunks(ABREAST) {
        try_join_all(some.iter().map(|session| endings.end(*session, initiator))).await?;
    }
    Ok(())
}

async fn revoke_all(endings: &Endings, sessions: &[SessionId], at: UnixMs) -> Result<(), StoreError> {
    for some in sessions.chunks(ABREAST) {
        let revoking = some.iter().map(|session| async move {
            for family in endings.store.families_of(*session).await? {
                revoke(endings, (*session, family), at).await?;
            }
            Ok::<_, StoreError>(())
        });
        try_join_all(revoking).await?;
    }
    Ok(())
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
