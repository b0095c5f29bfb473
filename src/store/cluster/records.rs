//! Documents: a hash each, and per tenant and kind a sorted set of ids in a slot of its own.
//!
//! The index may name documents that are gone, never the other way round: an id is added before its document is
//! written and taken away after the document is. Whoever takes one away looks again for the document, and whoever
//! writes a new document adds its id again afterwards, so that the two cannot pass each other. `terms.rs` does the
//! same for the terms of documents that have any.

use bytes::Bytes;
use fred::types::Key;
use futures_util::future::try_join_all;

use super::Cluster;
use super::ask::Ask;
use super::functions::Verb;
use super::terms::Moves;
use crate::model::record::Kind;
use crate::protocol::ids::TenantId;
use crate::store::StoreError;
use crate::store::records::{Cut, Expect, Page, RecordKey, Records, Stored, Written};

/// Documents read at once while a page is made.
const BATCH: usize = 64;

#[async_trait::async_trait]
impl Records for Cluster {
    async fn read(&self, key: &RecordKey) -> Result<Option<Stored>, StoreError> {
        let ask = Ask::plain("HMGET", self.keys.record(key)).with("v").with("d");
        let (version, document): (Option<Bytes>, Option<Bytes>) = Cluster::read(self, ask).await?;
        let Some((version, document)) = version.zip(document) else { return Ok(None) };
        Ok(Some(Stored { version: counted(&version)?, document }))
    }

    async fn write(&self, key: &RecordKey, document: Bytes, expect: Expect) -> Result<Written, StoreError> {
        let Moves { gained, lost } = self.moves(key, &document, expect).await?;
        if !gained.is_empty() || !matches!(expect, Expect::Version(_)) {
            self.list(key, &gained).await?;
        }
        let expected = match expect {
            Expect::Absent => "0".to_owned(),
            Expect::Anything => String::new(),
            Expect::Version(version) => version.to_string(),
        };
        let ask = Ask::verb(Verb::RecordWrite, self.keys.record(key)).with(expected).with(document);
        let answer: i64 = self.careful(ask).await?;
        match u64::try_from(answer) {
            Ok(version) => {
                if version == 1 || !gained.is_empty() {
                    self.list(key, &gained).await?;
                }
                self.unlist_terms(key, lost).await?;
                Ok(Written::Written { version })
            }
            Err(_negative) => {
                self.unlist_terms(key, gained).await?;
                let found = answer.unsigned_abs() - 1;
                Ok(Written::Conflict { found: (found > 0).then_some(found) })
            }
        }
    }

    async fn remove(&self, key: &RecordKey) -> Result<bool, StoreError> {
        let terms = self.standing_terms(key).await?;
        let removed: i64 = self.careful(Ask::verb(Verb::RecordRemove, self.keys.record(key))).await?;
        self.unlist(key, &terms).await?;
        Ok(removed == 1)
    }

    async fn page(
        &self,
        tenant: &TenantId,
        kind: Kind,
        after: Option<&str>,
        take: usize,
    ) -> Result<Page, StoreError> {
        let mut page = Page::default();
        let mut after = after.map(str::to_owned);
        while page.items.len() < take {
            let wanted = (take - page.items.len()).min(BATCH);
            // One more than wanted tells whether there is a next page.
            let mut ids = self.ids_after(self.keys.index(tenant, kind), after.as_deref(), wanted + 1).await?;
            let more = ids.len() > wanted;
            ids.truncate(wanted);
            after = ids.last().cloned().or(after);
            page.items.extend(self.standing(tenant, kind, ids).await?);
            page.next.clone_from(if more { &after } else { &None });
            if !more {
                break;
            }
        }
        Ok(page)
    }

    async fn page_by(
        &self,
        tenant: &TenantId,
        kind: Kind,
        cut: &Cut,
        take: usize,
    ) -> Result<Page, StoreError> {
        self.in_order_of_terms((tenant, kind), cut, take).await
    }

    async fn count(&self, tenant: &TenantId, kind: Kind) -> Result<u64, StoreError> {
        Cluster::read(self, Ask::plain("ZCARD", self.keys.index(tenant, kind))).await
    }
}

impl Cluster {
    /// At most `take` ids of a sorted set that come after `after`, in byte order.
    pub(super) async fn ids_after(
        &self,
        key: Key,
        after: Option<&str>,
        take: usize,
    ) -> Result<Vec<String>, StoreError> {
        let from = after.map_or_else(|| "-".to_owned(), |after| format!("({after}"));
        let ask = Ask::verb(Verb::Listed, key).number(0).with(from).with("+");
        self.read_list(ask.number(u64::try_from(take).unwrap_or(u64::MAX))).await
    }

    /// The documents called `ids`; ids without one are taken off the index.
    async fn standing(
        &self,
        tenant: &TenantId,
        kind: Kind,
        ids: Vec<String>,
    ) -> Result<Vec<(String, Stored)>, StoreError> {
        let keys: Vec<_> = ids.into_iter().map(|id| RecordKey { tenant: tenant.clone(), kind, id }).collect();
        let found = try_join_all(keys.iter().map(|key| Records::read(self, key))).await?;
        let mut items = Vec::with_capacity(keys.len());
        for (key, stored) in keys.into_iter().zip(found) {
            match stored {
                Some(stored) => items.push((key.id, stored)),
                None => self.unlist(&key, &[]).await?,
            }
        }
        Ok(items)
    }
}

/// The version in front of a user's index of sessions, or alone.
fn counted(value: &[u8]) -> Result<u64, StoreError> {
    let digits = value.split(|byte| *byte == b':').next().unwrap_or_default();
    let digits = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    digits.ok_or_else(|| StoreError::Corrupt("a record's version".to_owned()))
}
