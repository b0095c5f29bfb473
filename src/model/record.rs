//! What every remembered document has: a kind, a tenant, an id, and names that must be unique.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::change::Change;
use crate::model::invitation::Invitation;
use crate::model::term::Term;
use crate::model::user::User;
use crate::protocol::ids::TenantId;

/// The kinds of documents; each has its own key space within a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// [`crate::model::client::Client`].
    Client,
    /// [`crate::model::client_grant::ClientGrant`].
    ClientGrant,
    /// [`crate::model::connection::Connection`].
    Connection,
    /// [`crate::model::consent::Consent`].
    Consent,
    /// [`crate::model::credential::Credential`].
    Credential,
    /// [`crate::model::email_template::EmailTemplate`].
    EmailTemplate,
    /// [`crate::model::invitation::Invitation`].
    Invitation,
    /// [`crate::model::organization::Organization`].
    Organization,
    /// [`crate::model::resource_server::ResourceServer`].
    ResourceServer,
    /// [`crate::model::role::Role`].
    Role,
    /// [`crate::model::signing_key::SigningKeyRecord`].
    SigningKey,
    /// [`crate::model::tenant::Tenant`]; kept under the tenant of its own name.
    Tenant,
    /// [`crate::model::user::User`].
    User,
}

impl Kind {
    /// Every kind, in the order above.
    pub const ALL: [Self; 13] = [
        Self::Client,
        Self::ClientGrant,
        Self::Connection,
        Self::Consent,
        Self::Credential,
        Self::EmailTemplate,
        Self::Invitation,
        Self::Organization,
        Self::ResourceServer,
        Self::Role,
        Self::SigningKey,
        Self::Tenant,
        Self::User,
    ];

    /// The short tag used in store keys; never change one.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Client => "c",
            Self::ClientGrant => "g",
            Self::Connection => "n",
            Self::Consent => "y",
            Self::Credential => "p",
            Self::EmailTemplate => "e",
            Self::Invitation => "i",
            Self::Organization => "o",
            Self::ResourceServer => "a",
            Self::Role => "r",
            Self::SigningKey => "k",
            Self::Tenant => "t",
            Self::User => "u",
        }
    }
}

impl Kind {
    /// Whether documents of this kind have terms.
    pub const fn has_terms(self) -> bool {
        matches!(self, Self::Invitation | Self::User)
    }

    /// The terms of a stored document; none when it does not read as one of this kind.
    pub fn terms(self, document: &[u8]) -> Vec<Term> {
        match self {
            Self::Invitation => terms_of::<Invitation>(document),
            Self::User => terms_of::<User>(document),
            Self::Client
            | Self::ClientGrant
            | Self::Connection
            | Self::Consent
            | Self::Credential
            | Self::EmailTemplate
            | Self::Organization
            | Self::ResourceServer
            | Self::Role
            | Self::SigningKey
            | Self::Tenant => Vec::new(),
        }
    }
}

fn terms_of<T: Record>(document: &[u8]) -> Vec<Term> {
    serde_json::from_slice::<T>(document).map(|record| record.terms()).unwrap_or_default()
}

/// The tenant under which the list of tenants itself is kept; no tenant may have this id.
pub const SYSTEM_TENANT: &str = "@system";

/// A document that the store keeps as JSON.
pub trait Record: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Which key space it lives in.
    const KIND: Kind;

    /// Whether the change feed says anything when one is written or removed: nobody has to forget what nobody remembers.
    const TOLD: bool = true;

    /// The tenant it belongs to.
    fn tenant(&self) -> &TenantId;

    /// Its id within tenant and kind.
    fn id(&self) -> Cow<'_, str>;

    /// The names that no other document of this tenant may have, such as `email:a@b` or `name:acme`.
    fn identifiers(&self) -> Vec<String> {
        Vec::new()
    }

    /// What it is found by besides its id and unique names; its kind must be in [`Kind::has_terms`].
    fn terms(&self) -> Vec<Term> {
        Vec::new()
    }

    /// What the change feed says when this document is written or removed.
    fn change(&self) -> Change;
}
