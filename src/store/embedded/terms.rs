//! Terms: an entry without a value for each, written in the commit that writes the document.

use std::ops::Bound;

use fjall::KvPair;

use super::batch::Batch;
use super::disk::{Disk, Space};
use super::keys;
use super::records::{text, unpacked};
use crate::model::record::Kind;
use crate::model::term::Term;
use crate::protocol::ids::TenantId;
use crate::store::StoreError;
use crate::store::records::{Cut, Page, RecordKey, Stored, entry, holds, parse_entry};

/// Where the terms of one document belong.
pub(super) struct Index {
    key: RecordKey,
}

impl Index {
    pub(super) fn of(key: &RecordKey) -> Self {
        Self { key: key.clone() }
    }

    /// The keys of the entries of `document`.
    pub(super) fn entries(&self, document: &[u8]) -> Vec<Vec<u8>> {
        let RecordKey { tenant, kind, id } = &self.key;
        let spelled = |term: Term| {
            let mut key = keys::terms_of(tenant, *kind, term.field);
            key.extend_from_slice(entry(&term, id).as_bytes());
            key
        };
        kind.terms(document).into_iter().map(spelled).collect()
    }
}

/// Makes `after` of what was `before`.
pub(super) fn replace(
    batch: &mut Batch<'_>,
    before: &[Vec<u8>],
    after: &[Vec<u8>],
) -> Result<(), StoreError> {
    for lost in before.iter().filter(|key| !after.contains(key)) {
        batch.remove(Space::Kept, lost.as_slice());
    }
    for gained in after.iter().filter(|key| !before.contains(key)) {
        batch.put(Space::Kept, gained.as_slice(), [])?;
    }
    Ok(())
}

/// A page of documents in the order of their terms.
pub(super) fn page(
    disk: &Disk,
    (tenant, kind): (&TenantId, Kind),
    cut: &Cut,
    take: usize,
) -> Result<Page, StoreError> {
    let prefix = keys::terms_of(tenant, kind, cut.field);
    let (mut page, mut after) = (Page::default(), cut.after.clone());
    loop {
        let wanted = take.saturating_sub(page.items.len());
        // One more than wanted tells whether there is a next page.
        let mut entries = between(disk, &prefix, cut, after.as_deref(), wanted.saturating_add(1))?;
        let more = entries.len() > wanted;
        entries.truncate(wanted);
        for (key, _) in &entries {
            let spelled = text(&key[prefix.len()..])?;
            let (value, id) = parse_entry(&spelled).unwrap_or_default();
            let found = disk.get(Space::Kept, &keys::record(tenant, kind, id))?;
            let stored: Option<Stored> = found.map(|bytes| unpacked(&bytes)).transpose()?;
            let stored = stored.filter(|stored| holds(kind, stored, cut.field, value));
            page.items.extend(stored.map(|stored| (spelled.clone(), stored)));
            after = Some(spelled);
        }
        page.next = if more { after.clone() } else { None };
        if !more || page.items.len() >= take {
            return Ok(page);
        }
    }
}

fn between(
    disk: &Disk,
    prefix: &[u8],
    cut: &Cut,
    after: Option<&str>,
    take: usize,
) -> Result<Vec<KvPair>, StoreError> {
    let (from, to) = cut.span.bounds();
    let spelled = |rest: &[u8]| [prefix, rest].concat();
    let (from, to) = (spelled(&from), spelled(&to));
    let after = after.map(|after| spelled(after.as_bytes()));
    if cut.backwards {
        let end = after.map_or(to.clone(), |after| after.min(to));
        return disk.between_back(Space::Kept, &from, &end, take);
    }
    match after.filter(|after| *after >= from) {
        Some(after) => disk.between(Space::Kept, Bound::Excluded(&after), &to, take),
        None => disk.between(Space::Kept, Bound::Included(&from), &to, take),
    }
}
