//! Documents: eight bytes of version, then the JSON; a count of each kind beside them.

use async_trait::async_trait;
use bytes::Bytes;
use fjall::Slice;

use super::batch::Batch;
use super::disk::Space;
use super::{Embedded, keys, terms};
use crate::model::record::Kind;
use crate::protocol::ids::TenantId;
use crate::store::records::{Cut, Expect, Page, RecordKey, Stored, Written};
use crate::store::{Records, StoreError};

#[async_trait]
impl Records for Embedded {
    async fn read(&self, key: &RecordKey) -> Result<Option<Stored>, StoreError> {
        let stored = self.disk()?.get(Space::Kept, &spelled(key))?;
        stored.map(|bytes| unpacked(&bytes)).transpose()
    }

    async fn write(&self, key: &RecordKey, document: Bytes, expect: Expect) -> Result<Written, StoreError> {
        let (at, count) = (spelled(key), keys::count(&key.tenant, key.kind));
        let index = terms::Index::of(key);
        let after = index.entries(&document);
        Self::write(self, move |batch| {
            let before = batch.get(Space::Kept, &at)?;
            let found = before.as_deref().map(version).transpose()?;
            let expected = match expect {
                Expect::Absent => found.is_none(),
                Expect::Anything => true,
                Expect::Version(version) => found == Some(version),
            };
            if !expected {
                return Ok(Written::Conflict { found });
            }
            if found.is_none() {
                counted(batch, count, 1)?;
            }
            let version = found.unwrap_or(0) + 1;
            let before = before.map(|bytes| index.entries(&bytes[8..])).unwrap_or_default();
            terms::replace(batch, &before, &after)?;
            batch.put(Space::Kept, at, packed(version, &document))?;
            Ok(Written::Written { version })
        })
        .await
    }

    async fn remove(&self, key: &RecordKey) -> Result<bool, StoreError> {
        let (at, count) = (spelled(key), keys::count(&key.tenant, key.kind));
        let index = terms::Index::of(key);
        Self::write(self, move |batch| {
            let Some(before) = batch.get(Space::Kept, &at)? else { return Ok(false) };
            version(&before)?;
            terms::replace(batch, &index.entries(&before[8..]), &[])?;
            batch.remove(Space::Kept, at);
            counted(batch, count, -1)?;
            Ok(true)
        })
        .await
    }

    async fn page(
        &self,
        tenant: &TenantId,
        kind: Kind,
        after: Option<&str>,
        take: usize,
    ) -> Result<Page, StoreError> {
        let prefix = keys::records_of(tenant, kind);
        let after = after.map(|id| keys::record(tenant, kind, id)).unwrap_or_default();
        // One more than asked for tells whether this is the last page.
        let mut entries = self.disk()?.page(Space::Kept, &prefix, &after, take.saturating_add(1))?;
        let more = entries.len() > take;
        entries.truncate(take);
        let items = entries
            .iter()
            .map(|(key, value)| Ok((text(&key[prefix.len()..])?, unpacked(value)?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        let next = if more { items.last().map(|(id, _)| id.clone()) } else { None };
        Ok(Page { items, next })
    }

    async fn page_by(
        &self,
        tenant: &TenantId,
        kind: Kind,
        cut: &Cut,
        take: usize,
    ) -> Result<Page, StoreError> {
        terms::page(&*self.disk()?, (tenant, kind), cut, take)
    }

    async fn count(&self, tenant: &TenantId, kind: Kind) -> Result<u64, StoreError> {
        let count = self.disk()?.get(Space::Kept, &keys::count(tenant, kind))?;
        count.map_or(Ok(0), |bytes| version(&bytes))
    }
}

/// A part of a key that was text when it was stored.
pub(super) fn text(bytes: &[u8]) -> Result<String, StoreError> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|cause| StoreError::Corrupt(cause.to_string()))
}

fn spelled(key: &RecordKey) -> Vec<u8> {
    keys::record(&key.tenant, key.kind, &key.id)
}

fn counted(batch: &mut Batch<'_>, key: Vec<u8>, step: i64) -> Result<(), StoreError> {
    let count = batch.get(Space::Kept, &key)?.map_or(Ok(0), |bytes| version(&bytes))?;
    match count.saturating_add_signed(step) {
        // A tenant that is gone leaves nothing behind.
        0 => batch.remove(Space::Kept, key),
        count => batch.put(Space::Kept, key, count.to_be_bytes())?,
    }
    Ok(())
}

fn packed(version: u64, document: &[u8]) -> Vec<u8> {
    [version.to_be_bytes().as_slice(), document].concat()
}

pub(super) fn unpacked(bytes: &Slice) -> Result<Stored, StoreError> {
    Ok(Stored { version: version(bytes)?, document: Bytes::copy_from_slice(&bytes[8..]) })
}

fn version(bytes: &[u8]) -> Result<u64, StoreError> {
    let first =
        bytes.first_chunk().ok_or_else(|| StoreError::Corrupt("a document without a version".to_owned()))?;
    Ok(u64::from_be_bytes(*first))
}
