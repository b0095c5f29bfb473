//! Sessions: a record and its families in one slot, opened and ended in one verb.

use bytes::Bytes;

use super::Cluster;
use super::ask::Ask;
use super::families::instant;
use super::functions::Verb;
use super::packing::{later, pack, unpack};
use crate::clock::UnixMs;
use crate::model::family::NewFamily;
use crate::model::session::{Ended, Session};
use crate::protocol::ids::{FamilyKey, SessionId, TenantId, UserId};
use crate::store::{Sessions, StoreError};

#[async_trait::async_trait]
impl Sessions for Cluster {
    async fn open(&self, session: &Session, family: Option<NewFamily>) -> Result<(), StoreError> {
        let expires_at =
            family.map_or(session.expires_at, |family| later(session.expires_at, family.expires_at));
        let packed = pack(session, expires_at)?;
        let key = self.keys.session(session.id);
        let ask = match family {
            Some(family) => {
                let keys = [key, self.keys.family(session.id, family.key)];
                Ask::verb_on_two(Verb::Open, keys)
                    .bytes(&packed)
                    .bytes(&family.key.0)
                    .number(self.clock.now().0)
                    .with(instant(family.idle_expires_at))
            }
            None => Ask::verb(Verb::Open, key).bytes(&packed).with("").with("").with(""),
        };
        // At once, but acknowledged only when both stand: nobody knows of a session that was not acknowledged.
        let (listed, opened) = tokio::join!(self.list_session(session, expires_at), self.careful::<i64>(ask));
        listed.and(opened).map(|_opened| ())
    }

    async fn find(&self, id: SessionId, now: UnixMs) -> Result<Option<Session>, StoreError> {
        let value: Option<Bytes> = self.read(Ask::plain("GET", self.keys.session(id))).await?;
        let session = value.map(|value| unpack(id, &value)).transpose()?;
        Ok(session.filter(|session| session.expires_at.is_none_or(|at| at > now)))
    }

    async fn update(&self, session: &Session) -> Result<bool, StoreError> {
        // The list first: it must not forget a session that now lives longer.
        let Some(before) = self.find(session.id, self.clock.now()).await? else { return Ok(false) };
        let expires_at = later(before.expires_at, session.expires_at);
        if expires_at != before.expires_at {
            self.list_session(session, expires_at).await?;
        }
        let packed = pack(session, session.expires_at)?;
        let ask = Ask::verb(Verb::Update, self.keys.session(session.id)).bytes(&packed);
        self.careful::<i64>(ask).await.map(|updated| updated == 1)
    }

    async fn end(&self, id: SessionId) -> Result<Ended, StoreError> {
        let gone: Option<(i64, Bytes)> = self.careful(Ask::verb(Verb::Close, self.keys.session(id))).await?;
        let Some((families, value)) = gone else { return Ok(Ended::Unknown) };
        if let Ok(session) = unpack(id, &value) {
            self.unlist_session(&session.tenant, &session.user, id).await;
        }
        Ok(Ended::Ended { families: usize::try_from(families).unwrap_or(0) })
    }

    async fn families_of(&self, id: SessionId) -> Result<Vec<FamilyKey>, StoreError> {
        let families: Bytes = self.read(Ask::verb(Verb::Families, self.keys.session(id))).await?;
        Ok(families.as_chunks::<10>().0.iter().copied().map(FamilyKey).collect())
    }

    async fn of_user(
        &self,
        tenant: &TenantId,
        user: &UserId,
        now: UnixMs,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.listed_sessions(tenant, user, now).await
    }
}
