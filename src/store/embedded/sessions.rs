//! Sessions, an index from the user to them, and their end together with all their families.

use async_trait::async_trait;
use fjall::Slice;
use serde::{Deserialize, Serialize};

use super::batch::{Batch, decoded};
use super::disk::Space;
use super::families;
use super::sweep::{file, is_over};
use super::{Embedded, keys};
use crate::clock::UnixMs;
use crate::model::family::NewFamily;
use crate::model::session::{CLIENTS_MAX, Device, End, Ended, Session};
use crate::protocol::ids::{ClientId, FamilyKey, SessionId, TenantId, UserId};
use crate::store::{Sessions, StoreError};

/// A session as it is stored.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) session: Session,
    /// Whether it was logged out of: only families that survived that are left.
    over: bool,
}

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
        let stored: Stored = decoded(&bytes)?;
        let live = !stored.over && !is_over(stored.session.expires_at, now);
        Ok(live.then_some(stored.session))
    }

    async fn update(&self, session: &Session) -> Result<bool, StoreError> {
        let session = session.clone();
        self.write(move |batch| {
            let Some(standing) = live(batch, session.id, batch.now())? else { return Ok(false) };
            unindex(batch, &standing);
            let expires_at = later(session.expires_at, standing.expires_at);
            put(batch, &Session { expires_at, clients: standing.clients, ..session })?;
            Ok(true)
        })
        .await
    }

    async fn touch(&self, seen: &Session, device: &Device) -> Result<bool, StoreError> {
        let (seen, device) = (seen.clone(), Some(device.clone()));
        self.write_soon(move |batch| {
            let Some(standing) = live(batch, seen.id, batch.now())? else { return Ok(false) };
            let same = Session { clients: standing.clients.clone(), expires_at: standing.expires_at, ..seen };
            if same != standing {
                return Ok(false);
            }
            put(batch, &Session { device, ..standing })?;
            Ok(true)
        })
        .await
    }

    async fn remember_client(&self, id: SessionId, client: &ClientId) -> Result<bool, StoreError> {
        let client = client.clone();
        self.write(move |batch| {
            let Some(mut standing) = live(batch, id, batch.now())? else { return Ok(false) };
            if standing.clients.contains(&client) {
                return Ok(true);
            }
            if standing.clients.len() >= CLIENTS_MAX {
                return Ok(false);
            }
            standing.clients.push(client);
            put(batch, &standing)?;
            Ok(true)
        })
        .await
    }

    async fn end(&self, id: SessionId, how: End) -> Result<Ended, StoreError> {
        self.write(move |batch| take_away(batch, id, how)).await
    }

    async fn families_of(&self, id: SessionId) -> Result<Vec<FamilyKey>, StoreError> {
        let now = self.clock.now();
        let Some(bytes) = self.disk()?.get(Space::Live, &keys::session(id))? else { return Ok(Vec::new()) };
        if is_over(expiry(&bytes)?, now) {
            return Ok(Vec::new());
        }
        let entries = self.disk()?.page(Space::Live, &keys::families_of(id), &[], usize::MAX)?;
        let mut found = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let stored: families::Stored = decoded(&value)?;
            found.extend(keys::parse_family(&key).filter(|_| !is_over(stored.expires_at, now)));
        }
        Ok(found)
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
    let stored: Option<Stored> = batch.read(Space::Live, &keys::session(id))?;
    let live = stored.filter(|stored| !stored.over && !is_over(stored.session.expires_at, now));
    Ok(live.map(|stored| stored.session))
}

/// Ends the session. What had expired goes too, but does not count.
pub(super) fn take_away(batch: &mut Batch<'_>, id: SessionId, how: End) -> Result<Ended, StoreError> {
    let (now, key) = (batch.now(), keys::session(id));
    let stored = batch.read::<Stored>(Space::Live, &key)?;
    let expired = stored.as_ref().is_none_or(|stored| is_over(stored.session.expires_at, now));
    let over = stored.as_ref().is_some_and(|stored| stored.over);
    if over && !expired && how == End::Logout {
        return Ok(Ended::Unknown);
    }
    let (mut families, mut kept) = (0, 0);
    for (key, value) in batch.under(Space::Live, &keys::families_of(id))? {
        let family = decoded::<families::Stored>(&value)?;
        let lives = !is_over(family.expires_at, now);
        if lives && !expired && how == End::Logout && family.survives_logout {
            kept += 1;
            continue;
        }
        families += usize::from(lives);
        batch.remove(Space::Live, key);
    }
    let Some(Stored { session, .. }) = stored else { return Ok(Ended::Unknown) };
    if kept > 0 {
        batch.write(Space::Live, key, &Stored { session: session.clone(), over: true })?;
    } else {
        batch.remove(Space::Live, key);
        unindex(batch, &session);
    }
    Ok(match (expired, over) {
        (true, _) => Ended::Unknown,
        (false, true) => Ended::Survivors { families },
        (false, false) => Ended::Ended { session: Box::new(session), families, kept },
    })
}

/// When a stored session expires.
pub(super) fn expiry(stored: &Slice) -> Result<Option<UnixMs>, StoreError> {
    decoded::<Stored>(stored).map(|stored| stored.session.expires_at)
}

/// The later of two expiries, where none at all is the latest.
pub(super) fn later(one: Option<UnixMs>, other: Option<UnixMs>) -> Option<UnixMs> {
    one.zip(other).map(|(one, other)| one.max(other))
}

/// Stores a live session, and its place among its user's.
pub(super) fn put(batch: &mut Batch<'_>, session: &Session) -> Result<(), StoreError> {
    batch.put(Space::Live, keys::session_of(&session.tenant, &session.user, session.id), [])?;
    let stored = Stored { session: session.clone(), over: false };
    batch.write(Space::Live, keys::session(session.id), &stored)
}

fn unindex(batch: &mut Batch<'_>, session: &Session) {
    batch.remove(Space::Live, keys::session_of(&session.tenant, &session.user, session.id));
}
