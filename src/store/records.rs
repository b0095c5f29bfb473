//! Documents by tenant, kind and id, each with a version so that no update is lost.

use bytes::Bytes;

use crate::model::record::Kind;
use crate::model::term::{Field, Term};
use crate::protocol::ids::TenantId;
use crate::store::StoreError;

/// Where a document is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordKey {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// What it is.
    pub kind: Kind,
    /// Its id within tenant and kind.
    pub id: String,
}

/// A document as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Counts the writes of this document; the first is 1. A removed and remade document starts again.
    pub version: u64,
    /// JSON.
    pub document: Bytes,
}

/// What a write expects to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing: the document is new.
    Absent,
    /// Anything or nothing.
    Anything,
    /// This version.
    Version(u64),
}

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Something else was found; nothing was written.
    Conflict {
        /// The version that was found, unless there was no document.
        found: Option<u64>,
    },
    /// It now has this version.
    Written {
        /// The version of the document just written.
        version: u64,
    },
}

/// A page of documents in order of id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Ids (of [`Records::page_by`]: entries) and documents.
    pub items: Vec<(String, Stored)>,
    /// Where the next page starts (pass as `after`), unless this was the last.
    pub next: Option<String>,
}

/// Which documents are asked for, by the terms of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Whose order it is.
    pub field: Field,
    /// Which values are wanted.
    pub span: Span,
    /// Whether the greatest value comes first.
    pub backwards: bool,
    /// Behind which entry to begin: the `next` of an earlier page of the same cut.
    pub after: Option<String>,
}

/// A range of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// Every value.
    All,
    /// Those that begin so.
    Begins(String),
    /// From the first to the second, both included, either open.
    Between(Option<String>, Option<String>),
    /// This one.
    Is(String),
}

impl Span {
    /// The first entry, which is included, and the end, which is not, among entries as [`entry`] spells them.
    pub fn bounds(&self) -> (Vec<u8>, Vec<u8>) {
        /// No text holds this byte.
        const END: u8 = 0xff;
        let followed = |text: &str, byte: u8| [text.as_bytes(), &[byte]].concat();
        match self {
            Self::All => (Vec::new(), vec![END]),
            Self::Begins(start) => (start.as_bytes().to_vec(), followed(start, END)),
            Self::Between(from, to) => (
                from.clone().unwrap_or_default().into_bytes(),
                to.as_ref().map_or_else(|| vec![END], |to| followed(to, 1)),
            ),
            Self::Is(value) => (followed(value, 0), followed(value, 1)),
        }
    }
}

/// An entry of an index: the value of a term, NUL, the id.
pub fn entry(term: &Term, id: &str) -> String {
    format!("{}\0{id}", term.value())
}

/// The value and the id of an entry.
pub fn parse_entry(entry: &str) -> Option<(&str, &str)> {
    entry.split_once('\0')
}

/// Whether the document that an entry led to still has the term: an index may lag behind, and a document may have
/// changed since the entry was read.
pub fn holds(kind: Kind, stored: &Stored, field: Field, value: &str) -> bool {
    kind.terms(&stored.document).iter().any(|term| term.field == field && term.value() == value)
}

/// Documents. Writes are of the *careful* class.
#[async_trait::async_trait]
pub trait Records: Send + Sync {
    /// The document at `key`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn read(&self, key: &RecordKey) -> Result<Option<Stored>, StoreError>;

    /// Writes a document if what is there is what `expect` says.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Unknown`] the document may have been written.
    async fn write(&self, key: &RecordKey, document: Bytes, expect: Expect) -> Result<Written, StoreError>;

    /// Removes a document; `false` when there was none.
    ///
    /// # Errors
    /// [`StoreError`]; removing again is safe.
    async fn remove(&self, key: &RecordKey) -> Result<bool, StoreError>;

    /// At most `take` documents whose ids come after `after`, in byte order of id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn page(
        &self,
        tenant: &TenantId,
        kind: Kind,
        after: Option<&str>,
        take: usize,
    ) -> Result<Page, StoreError>;

    /// At most `take` documents by the terms of one field ([`Kind::terms`]), in byte order of value and then of id, or
    /// backwards; in the place of the id stands the [`entry`]. A document comes once for each of its terms in the
    /// span; each has its term at the moment when it is read.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn page_by(
        &self,
        tenant: &TenantId,
        kind: Kind,
        cut: &Cut,
        take: usize,
    ) -> Result<Page, StoreError>;

    /// How many documents of `kind` the tenant has; O(1).
    ///
    /// # Errors
    /// [`StoreError`].
    async fn count(&self, tenant: &TenantId, kind: Kind) -> Result<u64, StoreError>;
}

#[cfg(test)]
impl Page {
    /// What [`Records::page_by`] answers, of documents at hand.
    pub(crate) fn cut<'a>(
        all: impl Iterator<Item = (&'a String, &'a Stored)>,
        kind: Kind,
        cut: &Cut,
        take: usize,
    ) -> Self {
        let (from, to) = cut.span.bounds();
        let mut found = std::collections::BTreeMap::new();
        for (id, stored) in all {
            for term in kind.terms(&stored.document).iter().filter(|term| term.field == cut.field) {
                found.insert(entry(term, id), stored.clone());
            }
        }
        found.retain(|entry, _| (from.as_slice()..to.as_slice()).contains(&entry.as_bytes()));
        let behind = |entry: &str| {
            cut.after.as_deref().is_none_or(|after| if cut.backwards { entry < after } else { entry > after })
        };
        let mut rest: Vec<_> = found.into_iter().filter(|(entry, _)| behind(entry)).collect();
        if cut.backwards {
            rest.reverse();
        }
        let next =
            rest.get(take.wrapping_sub(1)).filter(|_| rest.len() > take).map(|(entry, _)| entry.clone());
        rest.truncate(take);
        Self { items: rest, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_holds_what_it_says() {
        let spelled = |value: &str| entry(&Term::new(Field::Name, value), "id").into_bytes();
        let held = |span: &Span, value: &str| {
            let (from, to) = span.bounds();
            from <= spelled(value) && spelled(value) < to
        };
        let text = |text: &str| Some(text.to_owned());
        for (span, inside, outside) in [
            (Span::All, &["", "a", "\u{10ffff}"][..], &[][..]),
            (Span::Is("ann".into()), &["ann"], &["an", "anna", "ann\u{1}", ""]),
            (Span::Is(String::new()), &[""], &["a"]),
            (Span::Begins("an".into()), &["an", "ann", "an\u{10ffff}"], &["a", "ao"]),
            (Span::Between(text("b"), text("d")), &["b", "c", "d"], &["a", "d1", "e"]),
            (Span::Between(None, text("b")), &["", "b"], &["ba"]),
            (Span::Between(text("b"), None), &["b", "z"], &["a"]),
        ] {
            assert!(inside.iter().all(|value| held(&span, value)), "{span:?}");
            assert!(!outside.iter().any(|value| held(&span, value)), "{span:?}");
        }
    }
}
