//! Sessions, an index from the user to them, and their end together with all their families.

use async_trait::async_trait;
use fjall::Slice;

use super::batch::{Batch, decoded};
use super::disk::Space;
use super::families::{self, Stored};
use super::sweep::{file, is_over};
use super::{Embedded, keys};
use crate::clock::UnixMs;
use crate::model::family::NewFamily;
use crate::model::session::{Ended, Session};
use crate::protocol::ids::{FamilyKey, SessionId, TenantId, UserId};
use crate::store::{Sessions, StoreError};

#[async_trait]
impl Sessions for Embedded {
    async fn open(&self, session: &Session, family: Option<NewFamily>) -> Result<(), StoreError> {
        let session = session.clone();
        self.write(move |batch| {
            let now = batch.now();
            let mut expires_at = session.expires_at;
            if let Some(standing) = live(batch, session.id, now)? {
                expires_at = later(expires_at, standing.expires_at);
                unindex(batch, &standing);
            }
            if let Some(family) = family {
                expires_at = later(expires_at, family.expires_at);
            }
            let session = Session { expires_at, ..session };
            put(batch, &session)?;
            if let Some(at) = expires_at {
                file(batch, at, Space::Live, &keys::session(session.id))?;
            }
            family.map_or(Ok(()), |family| families::first(batch, session.id, family, now))
        })
        .await
    }

    async fn find(&self, id: SessionId, now: UnixMs) -> Result<Option<Session>, StoreError> {
        let Some(bytes) = self.disk()?.get(Space::Live, &keys::session(id))? else { return Ok(None) };
        let session: Session = decoded(&bytes)?;
        Ok(Some(session).filter(|session| !is_over(session.expires_at, now)))
    }

    async fn update(&self, session: &Session) -> Result<bool, StoreError> {
        let session = session.clone();
        self.write(move |batch| {
            let Some(standing) = live(batch, session.id, batch.now())? else { return Ok(false) };
            unindex(batch, &standing);
            put(batch, &Session { expires_at: later(session.expires_at, standing.expires_at), ..session })?;
            Ok(true)
        })
        .await
    }

    async fn end(&self, id: SessionId) -> Result<Ended, StoreError> {
        self.write(move |batch| take_away(batch, id)).await
    }

    async fn families_of(&self, id: SessionId) -> Result<Vec<FamilyKey>, StoreError> {
        let now = self.clock.now();
        if self.find(id, now).await?.is_none() {
            return Ok(Vec::new());
        }
        let entries = self.disk()?.page(Space::Live, &keys::families_of(id), &[], usize::MAX)?;
        let mut families = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let stored: Stored = decoded(&value)?;
            families.extend(keys::parse_family(&key).filter(|_| !is_over(stored.expires_at, now)));
        }
        Ok(families)
    }

    async fn of_user(
        &self,
        tenant: &TenantId,
        user: &UserId,
        now: UnixMs,
    ) -> Result<Vec<SessionId>, StoreError> {
        let disk = self.disk()?;
        let prefix = keys::sessions_of(tenant, user);
        let mut live = Vec::new();
        for (key, _) in disk.page(Space::Live, &prefix, &[], usize::MAX)? {
            let Ok(id) = <[u8; 12]>::try_from(&key[prefix.len()..]) else { continue };
            let Some(bytes) = disk.get(Space::Live, &keys::session(SessionId(id)))? else { continue };
            if !is_over(expiry(&bytes)?, now) {
                live.push(SessionId(id));
            }
        }
        Ok(live)
    }
}

/// The session, unless it ended or expired.
pub(super) fn live(batch: &Batch<'_>, id: SessionId, now: UnixMs) -> Result<Option<Session>, StoreError> {
    let session: Option<Session> = batch.read(Space::Live, &keys::session(id))?;
    Ok(session.filter(|session| !is_over(session.expires_at, now)))
}

/// Deletes the session and all its families. What had expired goes too, but does not count.
pub(super) fn take_away(batch: &mut Batch<'_>, id: SessionId) -> Result<Ended, StoreError> {
    let now = batch.now();
    let mut families = 0;
    for (key, value) in batch.under(Space::Live, &keys::families_of(id))? {
        families += usize::from(!is_over(decoded::<Stored>(&value)?.expires_at, now));
        batch.remove(Space::Live, key);
    }
    let key = keys::session(id);
    let Some(session) = batch.read::<Session>(Space::Live, &key)? else { return Ok(Ended::Unknown) };
    batch.remove(Space::Live, key);
    unindex(batch, &session);
    Ok(if is_over(session.expires_at, now) { Ended::Unknown } else { Ended::Ended { families } })
}

/// When a stored session expires.
pub(super) fn expiry(stored: &Slice) -> Result<Option<UnixMs>, StoreError> {
    decoded::<Session>(stored).map(|session| session.expires_at)
}

/// The later of two expiries, where none at all is the latest.
pub(super) fn later(one: Option<UnixMs>, other: Option<UnixMs>) -> Option<UnixMs> {
    one.zip(other).map(|(one, other)| one.max(other))
}

fn put(batch: &mut Batch<'_>, session: &Session) -> Result<(), StoreError> {
    batch.put(Space::Live, keys::session_of(&session.tenant, &session.user, session.id), [])?;
    batch.write(Space::Live, keys::session(session.id), session)
}

fn unindex(batch: &mut Batch<'_>, session: &Session) {
    batch.remove(Space::Live, keys::session_of(&session.tenant, &session.user, session.id));
}
