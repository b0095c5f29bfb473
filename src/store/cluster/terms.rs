//! Ids and terms of documents: sorted sets in the slot of their kind, which is not the slot of the document.
//!
//! An index may say more than is true, never less. What a document gains is listed before it is written and, because
//! somebody may take it away meanwhile, once more afterwards; what it lost is taken away after it was written, by
//! whoever then looks again whether the document has it after all. So a crash at any point, or two writers at once,
//! leave at worst an entry that readers see through and tidy away.

use bytes::Bytes;
use futures_util::future::try_join_all;

use super::Cluster;
use super::ask::Ask;
use super::functions::Verb;
use crate::model::record::Kind;
use crate::model::term::Term;
use crate::protocol::ids::TenantId;
use crate::store::StoreError;
use crate::store::records::{Cut, Expect, Page, RecordKey, Records, Stored, entry, holds, parse_entry};

/// Documents read at once while a page is made.
const BATCH: usize = 64;

/// What a write does to the terms of a document.
#[derive(Default)]
pub(super) struct Moves {
    /// What has to be listed.
    pub(super) gained: Vec<Term>,
    /// What need no longer be.
    pub(super) lost: Vec<Term>,
}

impl Cluster {
    /// What writing `document` will do, if it is written.
    pub(super) async fn moves(
        &self,
        key: &RecordKey,
        document: &Bytes,
        expect: Expect,
    ) -> Result<Moves, StoreError> {
        let after = key.kind.terms(document);
        let before = match expect {
            Expect::Absent => Vec::new(),
            Expect::Anything | Expect::Version(_) => self.standing_terms(key).await?,
        };
        let lost = before.iter().filter(|term| !after.contains(term)).cloned().collect();
        // Without a version nobody knows what will be there when it is written: everything is listed.
        let known = |term: &Term| matches!(expect, Expect::Version(_)) && before.contains(term);
        let gained = after.into_iter().filter(|term| !known(term)).collect();
        Ok(Moves { gained, lost })
    }

    /// The terms of the document as it stands.
    pub(super) async fn standing_terms(&self, key: &RecordKey) -> Result<Vec<Term>, StoreError> {
        if !key.kind.has_terms() {
            return Ok(Vec::new());
        }
        let stored = Records::read(self, key).await?;
        Ok(stored.map(|stored| key.kind.terms(&stored.document)).unwrap_or_default())
    }

    /// Lists a document, under its id and under `terms`.
    pub(super) async fn list(&self, key: &RecordKey, terms: &[Term]) -> Result<(), StoreError> {
        self.careful::<i64>(self.relisted(Verb::List, key, (true, terms))).await.map(|_listed| ())
    }

    /// Takes a document that is gone off the list of ids, and off `terms`.
    pub(super) async fn unlist(&self, key: &RecordKey, terms: &[Term]) -> Result<(), StoreError> {
        self.careful::<i64>(self.relisted(Verb::Unlist, key, (true, terms))).await?;
        self.list_again(key, terms, true).await
    }

    /// Takes a document off `terms`, as far as it does not have them.
    pub(super) async fn unlist_terms(&self, key: &RecordKey, terms: Vec<Term>) -> Result<(), StoreError> {
        if terms.is_empty() {
            return Ok(());
        }
        self.careful::<i64>(self.relisted(Verb::Unlist, key, (false, &terms))).await?;
        self.list_again(key, &terms, false).await
    }

    /// A page of documents in the order of their terms.
    pub(super) async fn in_order_of_terms(
        &self,
        (tenant, kind): (&TenantId, Kind),
        cut: &Cut,
        take: usize,
    ) -> Result<Page, StoreError> {
        let (mut page, mut after) = (Page::default(), cut.after.clone());
        while page.items.len() < take {
            let wanted = (take - page.items.len()).min(BATCH);
            // One more than wanted tells whether there is a next page.
            let ask = self.entries((tenant, kind), cut, after.as_deref(), wanted + 1);
            let mut entries: Vec<String> = self.read_list(ask).await?;
            let more = entries.len() > wanted;
            entries.truncate(wanted);
            after = entries.last().cloned().or(after);
            page.items.extend(self.behind((tenant, kind), cut, entries).await?);
            page.next.clone_from(if more { &after } else { &None });
            if !more {
                break;
            }
        }
        Ok(page)
    }

    fn entries(&self, (tenant, kind): (&TenantId, Kind), cut: &Cut, after: Option<&str>, take: usize) -> Ask {
        let (from, to) = cut.span.bounds();
        let open = |bytes: &[u8]| [b"(", bytes].concat();
        let (mut from, mut to) = ([b"[", from.as_slice()].concat(), open(&to));
        if let Some(after) = after {
            *if cut.backwards { &mut to } else { &mut from } = open(after.as_bytes());
        }
        let (begin, end) = if cut.backwards { (to, from) } else { (from, to) };
        Ask::verb(Verb::Listed, self.keys.terms(tenant, kind, cut.field))
            .number(cut.backwards.into())
            .bytes(&begin)
            .bytes(&end)
            .number(u64::try_from(take).unwrap_or(u64::MAX))
    }

    /// The documents that entries lead to; an entry that is not true is taken away.
    async fn behind(
        &self,
        (tenant, kind): (&TenantId, Kind),
        cut: &Cut,
        entries: Vec<String>,
    ) -> Result<Vec<(String, Stored)>, StoreError> {
        let key = |entry: &String| {
            let id = parse_entry(entry).unwrap_or_default().1.to_owned();
            RecordKey { tenant: tenant.clone(), kind, id }
        };
        let keys: Vec<_> = entries.iter().map(key).collect();
        let found = try_join_all(keys.iter().map(|key| Records::read(self, key))).await?;
        let mut items = Vec::with_capacity(keys.len());
        for ((entry, key), stored) in entries.into_iter().zip(keys).zip(found) {
            let value = parse_entry(&entry).unwrap_or_default().0;
            match stored.filter(|stored| holds(kind, stored, cut.field, value)) {
                Some(stored) => items.push((entry, stored)),
                None => self.unlist_terms(&key, vec![Term::new(cut.field, value)]).await?,
            }
        }
        Ok(items)
    }

    /// Lists again what was taken away and is true.
    async fn list_again(&self, key: &RecordKey, terms: &[Term], with_id: bool) -> Result<(), StoreError> {
        let Some(stored) = Records::read(self, key).await? else { return Ok(()) };
        let mut held = key.kind.terms(&stored.document);
        held.retain(|term| terms.contains(term));
        if with_id || !held.is_empty() { self.list(key, &held).await } else { Ok(()) }
    }

    fn relisted(&self, verb: Verb, key: &RecordKey, (with_id, terms): (bool, &[Term])) -> Ask {
        let RecordKey { tenant, kind, id } = key;
        let ids = self.keys.index(tenant, *kind);
        let slot = ids.cluster_hash();
        let mut keys: Vec<_> = with_id.then_some(ids).into_iter().collect();
        keys.extend(terms.iter().map(|term| self.keys.terms(tenant, *kind, term.field)));
        let mut ask = Ask::verb_on(verb, slot, keys);
        if with_id {
            ask = ask.with(id.as_str());
        }
        terms.iter().fold(ask, |ask, term| ask.with(entry(term, id)))
    }
}
