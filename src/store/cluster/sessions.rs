//! Sessions: a record and its families in one slot, opened and ended in one verb.

use bytes::Bytes;

use super::Cluster;
use super::ask::Ask;
use super::families::new_family;
use super::functions::Verb;
use super::packing::{Stored, later, pack, unpack};
use crate::clock::UnixMs;
use crate::model::family::NewFamily;
use crate::model::session::{CLIENTS_MAX, Device, End, Ended, Session};
use crate::protocol::ids::{ClientId, FamilyKey, SessionId, TenantId, UserId};
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
                let told = new_family(&family, self.clock.now(), true);
                Ask::verb(Verb::Open, key).bytes(&packed).with(told)
            }
            None => Ask::verb(Verb::Open, key).bytes(&packed),
        };
        // At once, but acknowledged only when both stand: nobody knows of a session that was not acknowledged.
        let (listed, opened) = tokio::join!(self.list_session(session, expires_at), self.careful::<i64>(ask));
        listed.and(opened).map(|_opened| ())
    }

    async fn find(&self, id: SessionId, now: UnixMs) -> Result<Option<Session>, StoreError> {
        let stored = self.stored_session(id, now).await?;
        Ok(stored.filter(|stored| !stored.over).map(|stored| stored.session))
    }

    async fn update(&self, session: &Session) -> Result<bool, StoreError> {
        // The list first: it must not forget a session that now lives longer.
        let Some(before) = self.find(session.id, self.clock.now()).await? else { return Ok(false) };
        let expires_at = later(before.expires_at, session.expires_at);
        if expires_at != before.expires_at {
            self.list_session(session, expires_at).await?;
        }
        let packed = pack(session, session.expires_at)?;
        let ask = Ask::verb(Verb::Update, self.keys.session(session.id)).bytes(&packed).with("");
        self.careful::<i64>(ask).await.map(|updated| updated == 1)
    }

    async fn touch(&self, seen: &Session, device: &Device) -> Result<bool, StoreError> {
        let after = Session { device: Some(device.clone()), ..seen.clone() };
        let (before, after) = (pack(seen, seen.expires_at)?, pack(&after, seen.expires_at)?);
        let ask = Ask::verb(Verb::Update, self.keys.session(seen.id)).bytes(&after).bytes(&before);
        self.hot::<i64>(ask).await.map(|touched| touched == 1)
    }

    async fn remember_client(&self, id: SessionId, client: &ClientId) -> Result<bool, StoreError> {
        let ask = Ask::verb(Verb::Remember, self.keys.session(id))
            .bytes(client.as_str().as_bytes())
            .number(u64::try_from(CLIENTS_MAX).unwrap_or(u64::MAX));
        self.careful::<i64>(ask).await.map(|remembered| remembered == 1)
    }

    async fn end(&self, id: SessionId, how: End) -> Result<Ended, StoreError> {
        let ask = Ask::verb(Verb::Close, self.keys.session(id))
            .number(self.clock.now().0)
            .number(u64::from(how == End::Logout));
        let gone: Option<(i64, i64, Bytes)> = self.careful(ask).await?;
        let Some((families, kept, value)) = gone else { return Ok(Ended::Unknown) };
        let count = |number: i64| usize::try_from(number).unwrap_or(0);
        let (families, kept) = (count(families), count(kept));
        let Stored { session, over } = unpack(id, &value)?;
        if kept == 0 {
            self.unlist_session(&session.tenant, &session.user, id).await;
        }
        if over {
            return Ok(Ended::Survivors { families });
        }
        Ok(Ended::Ended { session: Box::new(session), families, kept })
    }

    async fn families_of(&self, id: SessionId) -> Result<Vec<FamilyKey>, StoreError> {
        Ok(self.living_families(id, self.clock.now()).await?.map(|(key, ..)| key).collect())
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

impl Cluster {
    /// The session called `id`, unless expired at `now` or wholly gone.
    pub(super) async fn stored_session(
        &self,
        id: SessionId,
        now: UnixMs,
    ) -> Result<Option<Stored>, StoreError> {
        let value: Option<Bytes> = self.read(Ask::plain("GET", self.keys.session(id))).await?;
        let stored = value.map(|value| unpack(id, &value)).transpose()?;
        Ok(stored.filter(|stored| stored.session.expires_at.is_none_or(|at| at > now)))
    }
}
