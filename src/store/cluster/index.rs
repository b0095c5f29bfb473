//! Which sessions a user has: a list inside the user's own record, so that it costs no key of its own.
//!
//! The list may name sessions that are gone, never the other way round: it is written before the session.

use futures_util::future::try_join_all;

use super::Cluster;
use super::ask::Ask;
use super::functions::Verb;
use crate::clock::UnixMs;
use crate::model::session::Session;
use crate::protocol::ids::{SessionId, TenantId, UserId};
use crate::store::{Sessions as _, StoreError};

const NEVER_SECS: u64 = u32::MAX as u64;
const ENTRY: usize = 16;
/// Sessions looked at in one go.
const BATCH: usize = 64;

impl Cluster {
    /// Lists `session` under its user, until `expires_at` at least.
    pub(super) async fn list_session(
        &self,
        session: &Session,
        expires_at: Option<UnixMs>,
    ) -> Result<(), StoreError> {
        let secs = expires_at.map_or(NEVER_SECS, |at| at.0.div_ceil(1000).min(NEVER_SECS - 1));
        let ask = Ask::verb(Verb::IndexAdd, self.keys.user(&session.tenant, &session.user))
            .bytes(&session.id.0)
            .number(secs);
        self.careful::<i64>(ask).await.map(|_added| ())
    }

    /// Lists the session called `id` for longer; `true` once that is done or there is no such session.
    pub(super) async fn announce(
        &self,
        id: SessionId,
        expires_at: Option<UnixMs>,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        if let Some(session) = self.find(id, now).await? {
            self.list_session(&session, expires_at).await?;
        }
        Ok(true)
    }

    /// Takes `id` off its user's list. Only tidiness: a listed session that is gone does no harm.
    pub(super) async fn unlist_session(&self, tenant: &TenantId, user: &UserId, id: SessionId) {
        let ask = Ask::verb(Verb::IndexDrop, self.keys.user(tenant, user)).bytes(&id.0);
        if let Err(error) = self.hot::<i64>(ask).await {
            tracing::debug!(%error, "an ended session stays on its user's list until it expires");
        }
    }

    /// The listed sessions that exist at `now`.
    pub(super) async fn listed_sessions(
        &self,
        tenant: &TenantId,
        user: &UserId,
        now: UnixMs,
    ) -> Result<Vec<SessionId>, StoreError> {
        let ask = Ask::verb(Verb::IndexList, self.keys.user(tenant, user));
        let list: bytes::Bytes = self.read(ask).await?;
        let mut ids: Vec<SessionId> = list
            .chunks_exact(ENTRY)
            .filter_map(|entry| entry.first_chunk().copied().map(SessionId))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let mut living = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            let found = try_join_all(batch.iter().map(|id| self.stored_session(*id, now))).await?;
            living.extend(batch.iter().zip(found).filter(|(_, found)| found.is_some()).map(|(id, _)| *id));
        }
        Ok(living)
    }
}
