//! A connection: a source of users; a database of names and passwords, or addresses that a code is sent to.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::change::Change;
use crate::model::password_policy::{Complexity, Dictionary, History, NoPersonalInfo, PasswordPolicy};
use crate::model::record::{Kind, Record};
use crate::protocol::ids::{ConnectionId, TenantId};

/// A source of users; field names are Auth0's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// `con_…`.
    pub id: String,
    /// Its unique name, by which users, grants and tenant settings know it.
    pub name: ConnectionId,
    /// The name that people see.
    #[serde(default)]
    pub display_name: String,
    /// What it knows of its people; never changes.
    #[serde(default)]
    pub strategy: Strategy,
    /// Its rules.
    #[serde(default)]
    pub options: ConnectionOptions,
}

/// What a connection knows of its people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Names and passwords.
    #[default]
    Auth0,
    /// Addresses, to which a code is sent at each login.
    Email,
}

/// The rules of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionOptions {
    /// What characters a new password must have.
    #[serde(rename = "passwordPolicy")]
    pub password_policy: PasswordPolicy,
    /// How long it must be.
    pub password_complexity_options: Complexity,
    /// Which earlier ones it must not be.
    pub password_history: History,
    /// Whether it may tell whose it is.
    pub password_no_personal_info: NoPersonalInfo,
    /// Which words it must not be.
    pub password_dictionary: Dictionary,
    /// The least score of zxcvbn that it must have, 0 to 4; ours, not Auth0's.
    pub password_min_score: u8,
    /// Whether people may not sign up by themselves.
    pub disable_signup: bool,
    /// Whether wrong passwords are counted here.
    pub brute_force_protection: bool,
    /// The codes of an `email` connection.
    pub totp: Totp,
    /// The message that carries a code or a link, of an `email` connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Message>,
}

/// Auth0's `totp` of a passwordless connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Totp {
    /// How long a code is good, in seconds; 30 to 3600.
    pub time_step: u64,
    /// How many digits it has; 6 to 10.
    pub length: u32,
}

/// A message of a connection; empty parts are ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Message {
    /// Its sender.
    pub from: String,
    /// Its subject, a template.
    pub subject: String,
    /// Its body, a template.
    pub body: String,
    /// The language of the templates: `liquid`.
    pub syntax: String,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            password_policy: PasswordPolicy::default(),
            password_complexity_options: Complexity::default(),
            password_history: History::default(),
            password_no_personal_info: NoPersonalInfo::default(),
            password_dictionary: Dictionary::default(),
            password_min_score: 0,
            disable_signup: false,
            brute_force_protection: true,
            totp: Totp::default(),
            email: None,
        }
    }
}

impl Default for Totp {
    fn default() -> Self {
        Self { time_step: 180, length: 6 }
    }
}

impl Strategy {
    /// The first half of its users' ids.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Auth0 => "auth0|",
            Self::Email => "email|",
        }
    }

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth0 => "auth0",
            Self::Email => "email",
        }
    }
}

impl Record for Connection {
    const KIND: Kind = Kind::Connection;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The name, by which everything else knows it.
    fn id(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.name.as_str())
    }

    fn identifiers(&self) -> Vec<String> {
        vec![format!("con:{}", self.id)]
    }

    fn change(&self) -> Change {
        Change::Connection { tenant: self.tenant.clone(), connection: self.name.clone() }
    }
}
