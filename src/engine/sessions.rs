//! Sessions and families: opened at login, ended for good, and said so to every node.

use futures_util::future::try_join_all;

use crate::actors::Ring;
use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::model::change::Change;
use crate::model::family::{NewFamily, Presented, Rotation};
use crate::model::session::{Ended, Session};
use crate::protocol::ids::{FamilyId, FamilyKey, SessionId, TenantId, UserId};
use crate::protocol::oauth_error::OAuthError;
use crate::store::{SharedStore, StoreError};

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
        let (store, ring) = (SharedStore::clone(self.store()), self.actors().ring.clone());
        let rotating = rotate(store, ring, asked, reuse_ends_session);
        if reuse_ends_session { carried_out(rotating).await } else { rotating.await }
    }

    /// Ends a session and all its families, here and, by the change feed, after any failover.
    ///
    /// # Errors
    /// `temporarily_unavailable`; ending again is safe.
    pub async fn end_session(&self, session: SessionId) -> Result<Ended, OAuthError> {
        Ok(end(self.store(), &self.actors().ring, session, self.now()).await?)
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

    /// Ends sessions: the first [`ENDED_AT_ONCE`] before this returns, the others in a task of its own, so that one
    /// request has a bound. Whoever ends more than those at once sees to it first that nobody can use the others.
    ///
    /// # Errors
    /// `temporarily_unavailable`; ending again is safe.
    pub async fn end_sessions(&self, mut sessions: Vec<SessionId>) -> Result<(), OAuthError> {
        let later = sessions.split_off(sessions.len().min(ENDED_AT_ONCE));
        let (store, ring, now) = (SharedStore::clone(self.store()), self.actors().ring.clone(), self.now());
        end_all(&store, &ring, &sessions, now).await?;
        if !later.is_empty() {
            tokio::spawn(async move {
                if let Err(error) = end_all(&store, &ring, &later, now).await {
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
        let (store, ring, now) = (SharedStore::clone(self.store()), self.actors().ring.clone(), self.now());
        revoke_all(&store, &ring, &sessions, now).await?;
        if !later.is_empty() {
            tokio::spawn(async move {
                if let Err(error) = revoke_all(&store, &ring, &later, now).await {
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
        Ok(revoke(self.store(), &self.actors().ring, (session, family), self.now()).await?)
    }
}

async fn rotate(
    store: SharedStore,
    ring: Ring,
    asked: Presented,
    reuse_ends_session: bool,
) -> Result<Rotation, OAuthError> {
    let rotation = ring.rotate(asked).await.map_err(|error| OAuthError::unavailable(error.to_string()))?;
    if rotation == Rotation::Reused {
        carried_out(end_reused(store, ring, asked, reuse_ends_session)).await?;
    }
    Ok(rotation)
}

async fn end_reused(
    store: SharedStore,
    ring: Ring,
    asked: Presented,
    reuse_ends_session: bool,
) -> Result<(), OAuthError> {
    let Presented { session, family, now, .. } = asked;
    if let Err(error) = revoke(&store, &ring, (session, family), now).await {
        tracing::warn!(%error, "the revocation of a reused family was not written twice");
    }
    if reuse_ends_session {
        end(&store, &ring, session, now).await?;
    }
    Ok(())
}

/// Carries `work` out to its end, also when nobody waits for it any more.
async fn carried_out<T: Send + 'static>(
    work: impl Future<Output = Result<T, OAuthError>> + Send + 'static,
) -> Result<T, OAuthError> {
    tokio::spawn(work).await.map_err(|error| OAuthError::unavailable(error.to_string()))?
}

/// Ends a session in its own slot, on this node at once, and in the feed.
async fn end(store: &SharedStore, ring: &Ring, session: SessionId, at: UnixMs) -> Result<Ended, StoreError> {
    let ended = store.end(session).await?;
    ring.forget(session);
    store.publish(&Change::SessionEnded { session, at }).await?;
    Ok(ended)
}

async fn end_all(
    store: &SharedStore,
    ring: &Ring,
    sessions: &[SessionId],
    at: UnixMs,
) -> Result<(), StoreError> {
    for some in sessions.chunks(ABREAST) {
        try_join_all(some.iter().map(|session| end(store, ring, *session, at))).await?;
    }
    Ok(())
}

async fn revoke_all(
    store: &SharedStore,
    ring: &Ring,
    sessions: &[SessionId],
    at: UnixMs,
) -> Result<(), StoreError> {
    for some in sessions.chunks(ABREAST) {
        let revoking = some.iter().map(|session| async move {
            for family in store.families_of(*session).await? {
                revoke(store, ring, (*session, family), at).await?;
            }
            Ok::<_, StoreError>(())
        });
        try_join_all(revoking).await?;
    }
    Ok(())
}

/// Revokes a family in its own slot, on this node at once, and in the feed.
async fn revoke(
    store: &SharedStore,
    ring: &Ring,
    (session, family): (SessionId, FamilyKey),
    at: UnixMs,
) -> Result<bool, StoreError> {
    let existed = store.revoke(session, family).await?;
    ring.forget_family(session, family);
    store.publish(&Change::FamilyRevoked { session, family, at }).await?;
    Ok(existed)
}
