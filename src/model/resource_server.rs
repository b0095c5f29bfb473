//! A resource server (API): whom access tokens are for.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::change::Change;
use crate::model::record::{Kind, Record};
use crate::model::signing_key::Algorithm;
use crate::protocol::ids::{Audience, TenantId};

/// A resource server; field names are Auth0's, lifetimes in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceServer {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Its id in the management API.
    pub id: String,
    /// Its identifier, presented as `audience`.
    pub identifier: Audience,
    /// The name that people see.
    #[serde(default)]
    pub name: String,
    /// The scopes it knows.
    #[serde(default)]
    pub scopes: Vec<ScopeEntry>,
    /// What signs its access tokens.
    #[serde(default)]
    pub signing_alg: Algorithm,
    /// Lifetime of its access tokens.
    #[serde(default)]
    pub token_lifetime: Option<u64>,
    /// Whether refresh tokens may be had for it.
    #[serde(default)]
    pub allow_offline_access: bool,
    /// Whether a user's scopes are limited to the permissions that roles give (RBAC).
    #[serde(default)]
    pub enforce_policies: bool,
    /// Whether tokens carry `permissions`.
    #[serde(default)]
    pub token_dialect: TokenDialect,
    /// Whether first-party clients skip consent.
    #[serde(default)]
    pub skip_consent_for_verifiable_first_party_clients: bool,
}

/// A scope that a resource server knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeEntry {
    /// The scope token.
    pub value: String,
    /// What people read when they consent.
    #[serde(default)]
    pub description: String,
}

/// Auth0's `token_dialect`; the header is RFC 9068's in all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenDialect {
    /// Auth0's claims.
    #[default]
    AccessToken,
    /// Auth0's claims and `permissions`.
    AccessTokenAuthz,
    /// RFC 9068's claims.
    Rfc9068Profile,
    /// RFC 9068's claims and `permissions`.
    Rfc9068ProfileAuthz,
}

impl TokenDialect {
    /// Whether tokens carry `permissions`.
    pub const fn has_permissions(self) -> bool {
        matches!(self, Self::AccessTokenAuthz | Self::Rfc9068ProfileAuthz)
    }
}

impl ResourceServer {
    /// Whether it knows a scope called `token`.
    pub fn knows(&self, token: &str) -> bool {
        self.scopes.iter().any(|scope| scope.value == token)
    }
}

impl Record for ResourceServer {
    const KIND: Kind = Kind::ResourceServer;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The identifier, so that the token path finds it with one look-up.
    fn id(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.identifier.as_str())
    }

    fn identifiers(&self) -> Vec<String> {
        vec![format!("api:{}", self.id)]
    }

    fn change(&self) -> Change {
        Change::ResourceServer { tenant: self.tenant.clone(), audience: self.identifier.clone() }
    }
}
