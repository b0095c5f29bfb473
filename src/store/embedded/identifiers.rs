//! Unique names: held for a while, then confirmed for good.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::batch::{Batch, decoded};
use super::disk::Space;
use super::sweep::{file, is_over};
use super::{Embedded, keys};
use crate::clock::UnixMs;
use crate::protocol::ids::TenantId;
use crate::store::identifiers::Claim;
use crate::store::{Identifiers, StoreError};

/// A name as it is stored.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    owner: String,
    /// Until when it is held; confirmed names are held for good.
    pub(super) held_until: Option<UnixMs>,
}

#[async_trait]
impl Identifiers for Embedded {
    async fn claim(
        &self,
        tenant: &TenantId,
        name: &str,
        owner: &str,
        hold_ms: u64,
    ) -> Result<Claim, StoreError> {
        let (key, owner) = (keys::identifier(tenant, name), owner.to_owned());
        self.write(move |batch| {
            match standing(batch, &key)? {
                Some(standing) if standing.owner != owner => return Ok(Claim::Taken { by: standing.owner }),
                Some(Stored { held_until: None, .. }) => return Ok(Claim::Held),
                _ => {}
            }
            let until = UnixMs(batch.now().0.saturating_add(hold_ms));
            file(batch, until, Space::Kept, &key)?;
            batch.write(Space::Kept, key, &Stored { owner, held_until: Some(until) })?;
            Ok(Claim::Held)
        })
        .await
    }

    async fn confirm(&self, tenant: &TenantId, name: &str, owner: &str) -> Result<bool, StoreError> {
        let (key, owner) = (keys::identifier(tenant, name), owner.to_owned());
        self.write(move |batch| {
            let Some(standing) = standing(batch, &key)?.filter(|standing| standing.owner == owner) else {
                return Ok(false);
            };
            if standing.held_until.is_some() {
                batch.write(Space::Kept, key, &Stored { owner, held_until: None })?;
            }
            Ok(true)
        })
        .await
    }

    async fn release(&self, tenant: &TenantId, name: &str, owner: &str) -> Result<bool, StoreError> {
        let (key, owner) = (keys::identifier(tenant, name), owner.to_owned());
        self.write(move |batch| {
            let theirs = standing(batch, &key)?.is_some_and(|standing| standing.owner == owner);
            if theirs {
                batch.remove(Space::Kept, key);
            }
            Ok(theirs)
        })
        .await
    }

    async fn resolve(&self, tenant: &TenantId, name: &str) -> Result<Option<String>, StoreError> {
        let Some(bytes) = self.disk()?.get(Space::Kept, &keys::identifier(tenant, name))? else {
            return Ok(None);
        };
        let stored: Stored = decoded(&bytes)?;
        Ok(Some(stored)
            .filter(|stored| !is_over(stored.held_until, self.clock.now()))
            .map(|stored| stored.owner))
    }
}

/// Who has the name, unless nobody confirmed it in time.
fn standing(batch: &Batch<'_>, key: &[u8]) -> Result<Option<Stored>, StoreError> {
    let stored = batch.read::<Stored>(Space::Kept, key)?;
    Ok(stored.filter(|stored| !is_over(stored.held_until, batch.now())))
}
