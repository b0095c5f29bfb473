//! Families: 23 bytes of name, about 16 of value, and the rule of the model inside the writer.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::batch::{Batch, decoded};
use super::disk::Space;
use super::sweep::is_over;
use super::{Embedded, keys, sessions};
use crate::clock::UnixMs;
use crate::model::family::{Family, NewFamily, Presented, Rotation};
use crate::protocol::ids::{FamilyKey, SessionId};
use crate::store::families::Started;
use crate::store::{Families, StoreError};

/// A family as it is stored.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) family: Family,
    pub(super) expires_at: Option<UnixMs>,
    pub(super) survives_logout: bool,
}

#[async_trait]
impl Families for Embedded {
    async fn start(&self, session: SessionId, family: NewFamily, now: UnixMs) -> Result<Started, StoreError> {
        self.write(move |batch| start(batch, session, family, now)).await
    }

    async fn rotate(&self, asked: Presented) -> Result<Rotation, StoreError> {
        self.write_soon(move |batch| rotate(batch, &asked)).await
    }

    async fn current(
        &self,
        session: SessionId,
        family: FamilyKey,
        now: UnixMs,
    ) -> Result<Option<Family>, StoreError> {
        let Some(bytes) = self.disk()?.get(Space::Live, &keys::family(session, family))? else {
            return Ok(None);
        };
        let stored: Stored = decoded(&bytes)?;
        Ok(Some(stored.family).filter(|_| !is_over(stored.expires_at, now)))
    }

    async fn ends_at(&self, session: SessionId, family: FamilyKey) -> Result<Option<UnixMs>, StoreError> {
        let found = self.disk()?.get(Space::Live, &keys::family(session, family))?;
        let stored: Option<Stored> = found.map(|bytes| decoded(&bytes)).transpose()?;
        Ok(stored.and_then(|stored| stored.expires_at))
    }

    async fn revoke(&self, session: SessionId, family: FamilyKey) -> Result<bool, StoreError> {
        self.write(move |batch| {
            let key = keys::family(session, family);
            let Some(stored) = batch.read::<Stored>(Space::Live, &key)? else { return Ok(false) };
            batch.remove(Space::Live, key);
            Ok(!is_over(stored.expires_at, batch.now()))
        })
        .await
    }
}

fn start(
    batch: &mut Batch<'_>,
    session: SessionId,
    family: NewFamily,
    now: UnixMs,
) -> Result<Started, StoreError> {
    let started = prolong_session(batch, session, family, now)?;
    if started == Started::Started {
        first(batch, session, family, now)?;
    }
    Ok(started)
}

/// Lets a live session last at least as long as a family that is about to start in it.
pub(super) fn prolong_session(
    batch: &mut Batch<'_>,
    session: SessionId,
    family: NewFamily,
    now: UnixMs,
) -> Result<Started, StoreError> {
    let Some(mut record) = sessions::live(batch, session, now)? else { return Ok(Started::NoSession) };
    if sessions::later(record.expires_at, family.expires_at) != record.expires_at {
        record.expires_at = family.session_until;
        sessions::put(batch, &record)?;
    }
    Ok(Started::Started)
}

fn rotate(batch: &mut Batch<'_>, asked: &Presented) -> Result<Rotation, StoreError> {
    let key = keys::family(asked.session, asked.family);
    let Some(stored) = batch.read::<Stored>(Space::Live, &key)? else { return Ok(Rotation::Unknown) };
    if is_over(stored.expires_at, asked.now) {
        return Ok(Rotation::Unknown);
    }
    let (rotation, remains) = stored.family.rotate(asked);
    match (rotation, remains) {
        (Rotation::Repeated { .. }, _) => {}
        (_, None) => batch.remove(Space::Live, key),
        (_, Some(family)) => {
            batch.write(Space::Live, key, &Stored { family, expires_at: asked.expires_at, ..stored })?;
        }
    }
    Ok(rotation)
}

/// Puts a family at its first generation, unless it is already on its way.
pub(super) fn first(
    batch: &mut Batch<'_>,
    session: SessionId,
    new: NewFamily,
    now: UnixMs,
) -> Result<(), StoreError> {
    let key = keys::family(session, new.key);
    let standing = batch.read::<Stored>(Space::Live, &key)?;
    if standing.is_some_and(|standing| !is_over(standing.expires_at, now)) {
        return Ok(());
    }
    put_first(batch, session, new, now)
}

/// Puts a family that nobody has started at its first generation.
pub(super) fn put_first(
    batch: &mut Batch<'_>,
    session: SessionId,
    new: NewFamily,
    now: UnixMs,
) -> Result<(), StoreError> {
    // One in eight has them looked through.
    if new.key.0[0].is_multiple_of(8) {
        make_room(batch, session, new.most, now)?;
    }
    let key = keys::family(session, new.key);
    let expires_at = new.idle_expires_at.into_iter().chain(new.expires_at).min();
    let stored = Stored { family: Family::first(now), expires_at, survives_logout: new.survives_logout };
    batch.write(Space::Live, key, &stored)
}

/// Leaves the session room for one family more, at the cost of those that were refreshed longest ago.
fn make_room(batch: &mut Batch<'_>, session: SessionId, most: u16, now: UnixMs) -> Result<(), StoreError> {
    let entries = batch.under(Space::Live, &keys::families_of(session))?;
    let room = usize::from(most.max(1)) - 1;
    if entries.len() <= room {
        return Ok(());
    }
    let mut living = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let stored = decoded::<Stored>(&value)?;
        if !is_over(stored.expires_at, now) {
            living.push((stored.family.rotated_at, key));
        }
    }
    living.sort_unstable();
    for (_, key) in living.drain(..living.len().saturating_sub(room)) {
        batch.remove(Space::Live, key);
    }
    Ok(())
}

/// When a stored family expires.
pub(super) fn expiry(stored: &[u8]) -> Result<Option<UnixMs>, StoreError> {
    decoded::<Stored>(stored).map(|stored| stored.expires_at)
}
