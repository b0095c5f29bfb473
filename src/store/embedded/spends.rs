//! Single use: the first note stays until the thing would have expired.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::batch::{Batch, decoded};
use super::disk::Space;
use super::{Embedded, families, keys};
use crate::clock::UnixMs;
use crate::store::families::Started;
use crate::store::spends::{Redeemed, Redeeming, Spent, Thing};
use crate::store::{Spends, StoreError};

/// A spent thing as it is stored.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) expires_at: UnixMs,
    note: Vec<u8>,
}

#[async_trait]
impl Spends for Embedded {
    async fn spend(&self, thing: Thing<'_>, note: &[u8]) -> Result<Spent, StoreError> {
        let (key, stored) = named(&thing, note);
        self.write_soon(move |batch| {
            if let Some(note) = before(batch, &key)? {
                return Ok(Spent::Before(note));
            }
            batch.write(Space::Live, key, &stored)?;
            Ok(Spent::First)
        })
        .await
    }

    async fn redeem(&self, asked: Redeeming<'_>) -> Result<Redeemed, StoreError> {
        let Redeeming { thing, note, session, family, now } = asked;
        let (key, stored) = named(&thing, note);
        self.write(move |batch| {
            if let Some(note) = before(batch, &key)? {
                return Ok(Redeemed::Before(note));
            }
            if families::prolong_session(batch, session, family, now)? == Started::NoSession {
                return Ok(Redeemed::NoSession);
            }
            // Whoever started this family spent the thing with it: there is none to look for.
            families::put_first(batch, session, family, now)?;
            batch.write(Space::Live, key, &stored)?;
            Ok(Redeemed::First)
        })
        .await
    }

    async fn is_spent(&self, thing: Thing<'_>) -> Result<bool, StoreError> {
        let Some(bytes) = self.disk()?.get(Space::Live, &keys::spend(&thing))? else { return Ok(false) };
        let stored: Stored = decoded(&bytes)?;
        Ok(stored.expires_at > self.clock.now())
    }
}

/// The key of a thing, and what is stored there once it is spent.
pub(super) fn named(thing: &Thing<'_>, note: &[u8]) -> ([u8; 33], Stored) {
    (keys::spend(thing), Stored { expires_at: thing.expires_at, note: note.to_vec() })
}

/// The note of whoever spent it before.
fn before(batch: &Batch<'_>, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let standing = batch.read::<Stored>(Space::Live, key)?;
    Ok(standing.filter(|standing| standing.expires_at > batch.now()).map(|standing| standing.note))
}

/// When a stored use is forgotten.
pub(super) fn expiry(stored: &[u8]) -> Result<Option<UnixMs>, StoreError> {
    decoded::<Stored>(stored).map(|stored| Some(stored.expires_at))
}
