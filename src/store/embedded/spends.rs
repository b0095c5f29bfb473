//! Single use: the first note stays until the thing would have expired.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::batch::decoded;
use super::disk::Space;
use super::sweep::file;
use super::{Embedded, keys};
use crate::clock::UnixMs;
use crate::store::spends::{Spent, Thing};
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
        let (key, expires_at, note) = (keys::spend(&thing), thing.expires_at, note.to_vec());
        self.write(move |batch| {
            let standing = batch.read::<Stored>(Space::Live, &key)?;
            if let Some(before) = standing.filter(|standing| standing.expires_at > batch.now()) {
                return Ok(Spent::Before(before.note));
            }
            batch.write(Space::Live, key, &Stored { expires_at, note })?;
            file(batch, expires_at, Space::Live, &key)?;
            Ok(Spent::First)
        })
        .await
    }

    async fn is_spent(&self, thing: Thing<'_>) -> Result<bool, StoreError> {
        let Some(bytes) = self.disk()?.get(Space::Live, &keys::spend(&thing))? else { return Ok(false) };
        let stored: Stored = decoded(&bytes)?;
        Ok(stored.expires_at > self.clock.now())
    }
}
