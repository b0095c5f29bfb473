//! Jobs: a document each, with its expiry in front.

use async_trait::async_trait;
use bytes::Bytes;

use super::disk::Space;
use super::sweep::file;
use super::{Embedded, keys};
use crate::clock::UnixMs;
use crate::protocol::ids::TenantId;
use crate::store::{Jobs, StoreError};

#[async_trait]
impl Jobs for Embedded {
    async fn keep_job(
        &self,
        tenant: &TenantId,
        id: &str,
        document: Bytes,
        expires_at: UnixMs,
    ) -> Result<(), StoreError> {
        let key = keys::job(tenant, id);
        self.write(move |batch| {
            file(batch, expires_at, Space::Live, &key)?;
            batch.put(Space::Live, key, [expires_at.0.to_be_bytes().as_slice(), &document].concat())
        })
        .await
    }

    async fn find_job(&self, tenant: &TenantId, id: &str) -> Result<Option<Bytes>, StoreError> {
        let Some(stored) = self.disk()?.get(Space::Live, &keys::job(tenant, id))? else { return Ok(None) };
        let live = expiry(&stored)? > self.clock.now();
        Ok(live.then(|| Bytes::copy_from_slice(&stored[8..])))
    }
}

/// When a stored job expires.
pub(super) fn expiry(stored: &[u8]) -> Result<UnixMs, StoreError> {
    let first =
        stored.first_chunk().ok_or_else(|| StoreError::Corrupt("a job without an expiry".to_owned()))?;
    Ok(UnixMs(u64::from_be_bytes(*first)))
}
