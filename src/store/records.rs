//! Documents by tenant, kind and id, each with a version so that no update is lost.

use bytes::Bytes;

use crate::model::record::Kind;
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
    /// Ids and documents.
    pub items: Vec<(String, Stored)>,
    /// Where the next page starts (pass as `after`), unless this was the last.
    pub next: Option<String>,
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

    /// How many documents of `kind` the tenant has; O(1).
    ///
    /// # Errors
    /// [`StoreError`].
    async fn count(&self, tenant: &TenantId, kind: Kind) -> Result<u64, StoreError>;
}
