//! Typed documents over [`Records`](crate::store::Records): unique names, versions, and word to the change feed.

use std::borrow::Cow;

use bytes::Bytes;

use crate::model::record::Record;
use crate::protocol::ids::TenantId;
use crate::store::identifiers::Claim;
use crate::store::records::{Cut, Expect, RecordKey, Stored, Written};
use crate::store::{SharedStore, StoreError};

/// How long a claimed name is held before the document that wants it must stand, in milliseconds.
const HOLD_MS: u64 = 30_000;

/// A typed document with its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// For [`Expect::Version`].
    pub version: u64,
    /// The document.
    pub record: T,
}

/// What saving a document did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// Another version was found; nothing was saved.
    Conflict,
    /// A unique name belongs to another document; nothing was saved.
    NameTaken(String),
    /// It now has this version.
    Saved {
        /// The version of the document just saved.
        version: u64,
    },
}

/// Typed access to documents; every change goes to the feed after it was acknowledged.
#[derive(Clone)]
pub struct Catalog {
    store: SharedStore,
}

impl Catalog {
    /// Typed access to the documents of `store`.
    pub fn new(store: SharedStore) -> Self {
        Self { store }
    }

    /// The store underneath.
    pub fn store(&self) -> &SharedStore {
        &self.store
    }

    /// The document of type `T` called `id`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Corrupt`] when it does not read as a `T`.
    pub async fn find<T: Record>(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<Versioned<T>>, StoreError> {
        let stored = self.store.read(&key::<T>(tenant, id)).await?;
        stored.map(|stored| parsed(&stored)).transpose()
    }

    /// The document of type `T` that has the unique name `name`.
    ///
    /// # Errors
    /// As [`Catalog::find`].
    pub async fn find_named<T: Record>(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<Versioned<T>>, StoreError> {
        let Some(id) = self.store.resolve(tenant, &scoped::<T>(name)).await? else { return Ok(None) };
        let found = self.find::<T>(tenant, &id).await?;
        // A claim may be held for a document that was never written, or no longer wants the name.
        Ok(found.filter(|found| found.record.identifiers().iter().any(|own| own == name)))
    }

    /// A page of documents in order of id, and where the next one starts.
    ///
    /// # Errors
    /// As [`Catalog::find`].
    pub async fn page<T: Record>(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        take: usize,
    ) -> Result<(Vec<Versioned<T>>, Option<String>), StoreError> {
        let page = self.store.page(tenant, T::KIND, after, take).await?;
        let records = page.items.iter().map(|(_, stored)| parsed(stored)).collect::<Result<_, _>>()?;
        Ok((records, page.next))
    }

    /// A page of documents in the order of the terms of one field, each behind its entry, and where the next one
    /// starts.
    ///
    /// # Errors
    /// As [`Catalog::find`].
    pub async fn page_by<T: Record>(
        &self,
        tenant: &TenantId,
        cut: &Cut,
        take: usize,
    ) -> Result<(Vec<(String, Versioned<T>)>, Option<String>), StoreError> {
        let page = self.store.page_by(tenant, T::KIND, cut, take).await?;
        let parsed = |(entry, stored): (String, Stored)| Ok((entry, parsed(&stored)?));
        let records = page.items.into_iter().map(parsed).collect::<Result<_, StoreError>>()?;
        Ok((records, page.next))
    }

    /// Every document of a kind; for kinds of which a tenant has few.
    ///
    /// # Errors
    /// As [`Catalog::find`].
    pub async fn all<T: Record>(&self, tenant: &TenantId) -> Result<Vec<T>, StoreError> {
        const TAKE: usize = 500;
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let (records, next) = self.page::<T>(tenant, after.as_deref(), TAKE).await?;
            all.extend(records.into_iter().map(|versioned| versioned.record));
            match next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// Saves a document: claims its unique names, writes it, confirms the names, gives up names that it no
    /// longer has, and publishes the change.
    ///
    /// # Errors
    /// [`StoreError`]; saving again is safe.
    pub async fn save<T: Record>(&self, record: &T, expect: Expect) -> Result<Saved, StoreError> {
        let id = record.id();
        let key = key::<T>(record.tenant(), &id);
        let before = match expect {
            // If there is one after all, nothing is written.
            Expect::Absent => None,
            Expect::Anything | Expect::Version(_) => self.find::<T>(record.tenant(), &id).await?,
        };
        let names: Vec<String> = record.identifiers();
        if let Some(taken) = self.claim_all::<T>(record.tenant(), &names, &id).await? {
            return Ok(Saved::NameTaken(taken));
        }
        let kept = before.as_ref().map(|before| before.record.identifiers()).unwrap_or_default();
        let version = match self.store.write(&key, json(record)?, expect).await? {
            Written::Written { version } => version,
            Written::Conflict { .. } => {
                self.release_unconfirmed::<T>(record.tenant(), &names, &id).await?;
                return Ok(Saved::Conflict);
            }
        };
        for name in &names {
            self.confirm::<T>(record.tenant(), name, &id).await?;
        }
        let gone: Vec<_> = kept.into_iter().filter(|name| !names.contains(name)).collect();
        if !gone.is_empty() {
            self.release_unconfirmed::<T>(record.tenant(), &gone, &id).await?;
        }
        if let Some(before) = before.filter(|before| before.record.change() != record.change()) {
            self.tell(&before.record).await?;
        }
        self.tell(record).await?;
        Ok(Saved::Saved { version })
    }

    /// Removes a document and gives up its names; `None` when there was none.
    ///
    /// # Errors
    /// As [`Catalog::find`]; removing again is safe.
    pub async fn remove<T: Record>(&self, tenant: &TenantId, id: &str) -> Result<Option<T>, StoreError> {
        let Some(found) = self.find::<T>(tenant, id).await? else { return Ok(None) };
        self.store.remove(&key::<T>(tenant, id)).await?;
        self.release_all::<T>(tenant, &found.record.identifiers(), id).await?;
        self.tell(&found.record).await?;
        Ok(Some(found.record))
    }

    /// Removes a document as it was read, with its names, and says nothing to the change feed: for what nobody may
    /// ask for any more. A document that does not read is removed without its names.
    ///
    /// # Errors
    /// [`StoreError`]; erasing again is safe.
    pub async fn erase<T: Record>(&self, key: &RecordKey, stored: &Stored) -> Result<(), StoreError> {
        if let Ok(found) = parsed::<T>(stored) {
            self.release_all::<T>(&key.tenant, &found.record.identifiers(), &key.id).await?;
        }
        self.store.remove(key).await.map(|_was| ())
    }

    async fn tell<T: Record>(&self, record: &T) -> Result<(), StoreError> {
        if T::TOLD { self.store.publish(&record.change()).await } else { Ok(()) }
    }

    async fn claim_all<T: Record>(
        &self,
        tenant: &TenantId,
        names: &[String],
        owner: &str,
    ) -> Result<Option<String>, StoreError> {
        for (at, name) in names.iter().enumerate() {
            let claim = self.store.claim(tenant, &scoped::<T>(name), owner, HOLD_MS).await?;
            if let Claim::Taken { .. } = claim {
                self.release_unconfirmed::<T>(tenant, &names[..at], owner).await?;
                return Ok(Some(name.clone()));
            }
        }
        Ok(None)
    }

    /// Makes the name of a document that was just written permanent. Another save of it, which came to nothing, may have
    /// given up the name that both had claimed: then it is claimed once more, if the document still stands with it.
    async fn confirm<T: Record>(&self, tenant: &TenantId, name: &str, owner: &str) -> Result<(), StoreError> {
        const TRIES: usize = 5;
        let scoped = scoped::<T>(name);
        for _ in 0..TRIES {
            if self.store.confirm(tenant, &scoped, owner).await? {
                return Ok(());
            }
            let claim = self.store.claim(tenant, &scoped, owner, HOLD_MS).await?;
            // Looked at after the claim: whoever removes the document gives its names up afterwards.
            let standing = self.find::<T>(tenant, owner).await?;
            if !standing.is_some_and(|found| found.record.identifiers().iter().any(|own| own == name)) {
                return self.store.release(tenant, &scoped, owner).await.map(|_was| ());
            }
            if claim != Claim::Held {
                break;
            }
        }
        Err(StoreError::Unknown(format!("{name:?} was given away while its document was written")))
    }

    /// Gives up names just claimed, but not those that the standing document has.
    async fn release_unconfirmed<T: Record>(
        &self,
        tenant: &TenantId,
        names: &[String],
        owner: &str,
    ) -> Result<(), StoreError> {
        let standing = self.find::<T>(tenant, owner).await?.map(|found| found.record.identifiers());
        let standing = standing.unwrap_or_default();
        let fresh: Vec<_> = names.iter().filter(|name| !standing.contains(name)).cloned().collect();
        self.release_all::<T>(tenant, &fresh, owner).await
    }

    async fn release_all<T: Record>(
        &self,
        tenant: &TenantId,
        names: &[String],
        owner: &str,
    ) -> Result<(), StoreError> {
        for name in names {
            self.store.release(tenant, &scoped::<T>(name), owner).await?;
        }
        Ok(())
    }
}

fn key<T: Record>(tenant: &TenantId, id: &str) -> RecordKey {
    RecordKey { tenant: tenant.clone(), kind: T::KIND, id: id.to_owned() }
}

/// Unique names of different kinds never meet.
fn scoped<T: Record>(name: &str) -> Cow<'_, str> {
    Cow::Owned(format!("{}:{name}", T::KIND.tag()))
}

fn json<T: Record>(record: &T) -> Result<Bytes, StoreError> {
    serde_json::to_vec(record).map(Bytes::from).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn parsed<T: Record>(stored: &Stored) -> Result<Versioned<T>, StoreError> {
    let record = serde_json::from_slice(&stored.document)
        .map_err(|error| StoreError::Corrupt(format!("a document of kind {}: {error}", T::KIND.tag())))?;
    Ok(Versioned { version: stored.version, record })
}
