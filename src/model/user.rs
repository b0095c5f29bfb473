//! A user: the person whom tokens are about.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::model::change::Change;
use crate::model::record::{Kind, Record};
use crate::model::role::Permission;
use crate::model::term::{Field, Term};
use crate::protocol::ids::{ConnectionId, RoleId, TenantId, UserId};

/// A user; field names are Auth0's and OpenID Connect Core §5.1's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// `auth0|…`; the `sub` of its tokens.
    pub user_id: UserId,
    /// Where it came from.
    pub connection: ConnectionId,
    /// Its address, lower case; unique within tenant and connection.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether the address was proved.
    #[serde(default)]
    pub email_verified: bool,
    /// Its login name, lower case; unique within tenant and connection.
    #[serde(default)]
    pub username: Option<String>,
    /// Standard profile claims.
    #[serde(default)]
    pub profile: Profile,
    /// Whether it may log in or refresh at all.
    #[serde(default)]
    pub blocked: bool,
    /// Refresh families started before this instant are dead (password change, revoke all).
    #[serde(default)]
    pub not_before: UnixMs,
    /// What a client, by id, got of this user before its instant is dead: the user took back a consent. One entry for
    /// each client that this ever happened to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clients_not_before: BTreeMap<String, UnixMs>,
    /// Tenant-wide roles.
    #[serde(default)]
    pub roles: Vec<RoleId>,
    /// Permissions given directly.
    #[serde(default)]
    pub permissions: Vec<Permission>,
    /// Values the user may change.
    #[serde(default)]
    pub user_metadata: serde_json::Map<String, serde_json::Value>,
    /// Values only the tenant may change.
    #[serde(default)]
    pub app_metadata: serde_json::Map<String, serde_json::Value>,
    /// When it was made.
    pub created_at: UnixMs,
    /// When its profile last changed.
    pub updated_at: UnixMs,
}

/// Standard claims of the `profile` and `phone` scopes (OpenID Connect Core §5.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the names are OpenID Connect Core §5.1's")]
pub struct Profile {
    pub name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub nickname: Option<String>,
    pub picture: Option<String>,
    pub locale: Option<String>,
    pub zoneinfo: Option<String>,
    pub phone_number: Option<String>,
    pub phone_verified: Option<bool>,
}

impl User {
    /// The unique name of an e-mail address within a connection.
    pub fn email_identifier(connection: &ConnectionId, email: &str) -> String {
        format!("email:{connection}:{}", email.to_lowercase())
    }

    /// The unique name of a login name within a connection.
    pub fn username_identifier(connection: &ConnectionId, username: &str) -> String {
        format!("username:{connection}:{}", username.to_lowercase())
    }

    /// Whether what `client` got at `at` is still allowed to it.
    pub fn allows(&self, client: &str, at: UnixMs) -> bool {
        self.clients_not_before.get(client).is_none_or(|start| at >= *start)
    }

    /// The name that people see: the address or the login name of somebody who gave none.
    pub fn shown_name(&self) -> &str {
        let names = [&self.profile.name, &self.email, &self.username];
        names.into_iter().flatten().next().map_or("", String::as_str)
    }

    /// Whether a refresh family started at `started_at` is still wanted.
    pub fn admits(&self, started_at: UnixMs) -> bool {
        !self.blocked && started_at >= self.not_before
    }
}

impl Record for User {
    const KIND: Kind = Kind::User;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn id(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.user_id.as_str())
    }

    fn identifiers(&self) -> Vec<String> {
        let email = self.email.iter().map(|email| Self::email_identifier(&self.connection, email));
        let username = self.username.iter().map(|name| Self::username_identifier(&self.connection, name));
        email.chain(username).collect()
    }

    fn terms(&self) -> Vec<Term> {
        let mut terms = vec![
            Term::new(Field::CreatedAt, &Term::instant(self.created_at)),
            Term::folded(Field::Email, self.email.as_deref().unwrap_or_default()),
            Term::folded(Field::Name, self.shown_name()),
        ];
        terms.extend(self.blocked.then(|| Term::new(Field::Blocked, "true")));
        terms.extend(self.roles.iter().map(|role| Term::new(Field::Role, role.as_str())));
        terms
    }

    fn change(&self) -> Change {
        Change::User { tenant: self.tenant.clone(), user: self.user_id.clone() }
    }
}
