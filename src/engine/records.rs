//! The one path by which records come to be: a draft is laid over what stands, checked, and saved.
//!
//! `jeton import` and the management API share it. A draft holds Auth0's field names; what it leaves out keeps
//! its value, or takes a default when the record is new. Nothing is saved unless everything is right.

use std::sync::Arc;

use crate::clock::{Clock, Entropy, UnixMs};
use crate::model::record::Record;
use crate::model::tenant::Tenant;
use crate::signing::sealing::Sealer;
use crate::store::catalog::{Catalog, Saved, Versioned};
use crate::store::records::Expect;

mod attack_protection;
pub(crate) mod branding;
pub mod bulk;
pub mod clearable;
mod client_checks;
pub mod client_grants;
pub mod clients;
pub mod connections;
pub mod credentials;
pub mod custom_domains;
pub mod demolition;
pub mod email_templates;
pub mod enabled_connections;
pub mod flaws;
pub mod invitations;
pub mod memberships;
pub mod mint;
pub mod organizations;
mod password_rules;
pub mod references;
pub mod refusal;
pub mod removals;
pub mod resource_servers;
pub mod roles;
pub mod secrets;
pub mod tenants;
pub mod uris;
pub(super) mod user_checks;
pub mod user_standing;
pub mod users;

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod user_tests;
#[cfg(test)]
pub(crate) mod world;

pub use refusal::Refusal;
use secrets::{Hashing, Secret};

/// Checks and saves records.
#[derive(Clone)]
pub struct Registrar {
    catalog: Catalog,
    clock: Clock,
    entropy: Entropy,
    sealer: Sealer,
    hashing: Arc<dyn Hashing>,
    expected: Option<u64>,
    abreast: usize,
}

/// Records that an import has under way at once, unless told otherwise.
const ABREAST: usize = 32;

/// Whether the record may, must or must not exist already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is new; one with the same id is [`Refusal::Exists`].
    Create,
    /// It is found by its id, or without one by its unique name, and changed; otherwise it is new.
    Import,
    /// It is found by its id and changed; otherwise [`Refusal::Missing`].
    Update,
}

/// What putting a record did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is new.
    Created,
    /// It already was exactly so; nothing was written.
    Unchanged,
    /// It was changed.
    Updated,
}

/// A record as it now stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put<T> {
    /// The record.
    pub record: T,
    /// What was done.
    pub outcome: Outcome,
    /// The secret that was made for it, shown here and never again.
    pub secret: Option<Secret>,
}

impl Registrar {
    /// A registrar that saves into `catalog`.
    pub fn new(
        catalog: Catalog,
        clock: Clock,
        entropy: Entropy,
        sealer: Sealer,
        hashing: Arc<dyn Hashing>,
    ) -> Self {
        Self { catalog, clock, entropy, sealer, hashing, expected: None, abreast: ABREAST }
    }

    /// A registrar that changes a record only if it still has this version.
    #[must_use]
    pub fn at_version(self, version: u64) -> Self {
        Self { expected: Some(version), ..self }
    }

    /// A registrar whose imports have so many records under way at once.
    #[must_use]
    pub fn with_abreast(self, abreast: usize) -> Self {
        Self { abreast, ..self }
    }

    /// How many records an import may have under way at once: many share the store's commits and keep the hashers busy.
    pub fn abreast(&self) -> usize {
        self.abreast
    }

    /// The present instant, by which it dates records.
    pub fn now(&self) -> UnixMs {
        self.clock.now()
    }

    /// The documents that it checks against and saves into.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The record that a draft with this id (or, on import and without an id, these unique names) means.
    async fn standing<T: Record>(
        &self,
        tenant: &Tenant,
        mode: Mode,
        id: Option<&str>,
        names: &[String],
    ) -> Result<Option<Versioned<T>>, Refusal> {
        let mut found = None;
        if let Some(id) = id {
            found = self.catalog.find::<T>(&tenant.id, id).await?;
        } else if mode == Mode::Import {
            for name in names {
                found = self.catalog.find_named::<T>(&tenant.id, name).await?;
                if found.is_some() {
                    break;
                }
            }
        }
        self.still(admit(mode, found)?)
    }

    /// Refuses a record that somebody else changed since it was read.
    fn still<T>(&self, found: Option<Versioned<T>>) -> Result<Option<Versioned<T>>, Refusal> {
        let stale = |found: &Versioned<T>| self.expected.is_some_and(|expected| expected != found.version);
        if found.as_ref().is_some_and(stale) { Err(Refusal::Conflict) } else { Ok(found) }
    }

    /// Saves `after` in the place of `before`, unless they are the same and its names are safely its own.
    async fn settle<T: Record + PartialEq>(
        &self,
        before: Option<Versioned<T>>,
        after: T,
    ) -> Result<Put<T>, Refusal> {
        let expect = before.as_ref().map_or(Expect::Absent, |before| Expect::Version(before.version));
        let outcome = match &before {
            None => Outcome::Created,
            Some(before) if before.record == after => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
        };
        if outcome != Outcome::Unchanged || !self.holds_its_names(&after).await? {
            match self.catalog.save(&after, expect).await? {
                Saved::Saved { .. } => {}
                Saved::Conflict if before.is_none() => return Err(Refusal::Exists),
                Saved::Conflict => return Err(Refusal::Conflict),
                Saved::NameTaken(name) => return Err(Refusal::name_taken(&name)),
            }
        }
        Ok(Put { record: after, outcome, secret: None })
    }

    /// Whether every unique name leads to this record; a crash between writing and confirming breaks that.
    async fn holds_its_names<T: Record>(&self, record: &T) -> Result<bool, Refusal> {
        for name in record.identifiers() {
            let found = self.catalog.find_named::<T>(record.tenant(), &name).await?;
            if found.is_none_or(|found| found.record.id() != record.id()) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn admit<T>(mode: Mode, found: Option<T>) -> Result<Option<T>, Refusal> {
    match (mode, &found) {
        (Mode::Create, Some(_)) => Err(Refusal::Exists),
        (Mode::Update, None) => Err(Refusal::Missing),
        (Mode::Create | Mode::Import | Mode::Update, _) => Ok(found),
    }
}

/// Lays the values that a draft names over a record.
macro_rules! overlay {
    ($draft:ident => $record:expr; $($field:ident),+ $(,)?) => {
        $(if let Some(value) = $draft.$field { $record.$field = value; })+
    };
}
use overlay;
