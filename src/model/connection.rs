//! A connection: a source of users; here always a database of names and passwords.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::change::Change;
use crate::model::record::{Kind, Record};
use crate::protocol::ids::{ConnectionId, TenantId};

/// A username-password database; field names are Auth0's.
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
    /// Its rules.
    #[serde(default)]
    pub options: ConnectionOptions,
}

/// The rules of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionOptions {
    /// What a new password must be like.
    #[serde(rename = "passwordPolicy")]
    pub password_policy: PasswordPolicy,
    /// Whether people may not sign up by themselves.
    pub disable_signup: bool,
}

/// Auth0's password policies. Whatever the policy, a password has 8 to 256 characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordPolicy {
    /// No more than that.
    #[default]
    None,
    /// As `None`: Auth0 asks for six characters here.
    Low,
    /// A lower-case letter, an upper-case letter and a digit.
    Fair,
    /// Three of: lower-case, upper-case, digit, special character.
    Good,
    /// As `Good`, at least ten characters, and never three of the same in a row.
    Excellent,
}

impl PasswordPolicy {
    /// What is missing from `password`, if anything is.
    pub fn lacks(self, password: &str) -> Option<&'static str> {
        let has = |kind: fn(&char) -> bool| password.chars().any(|c| kind(&c));
        let special = has(|c| !c.is_alphanumeric());
        let kinds =
            [has(|c| c.is_lowercase()), has(|c| c.is_uppercase()), has(char::is_ascii_digit), special];
        let three = kinds.iter().filter(|has| **has).count() >= 3;
        let chars: Vec<char> = password.chars().collect();
        match self {
            Self::Fair if kinds[..3] != [true; 3] => {
                Some("expected a lower-case letter, an upper-case letter and a digit")
            }
            Self::Good | Self::Excellent if !three => {
                Some("expected three of: lower-case letter, upper-case letter, digit, special character")
            }
            Self::Excellent if chars.len() < 10 => Some("expected at least 10 characters"),
            Self::Excellent if chars.windows(3).any(|run| run[0] == run[1] && run[1] == run[2]) => {
                Some("expected no three identical characters in a row")
            }
            Self::None | Self::Low | Self::Fair | Self::Good | Self::Excellent => None,
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

    /// A connection's rules are settings of the tenant.
    fn change(&self) -> Change {
        Change::Tenant { tenant: self.tenant.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::PasswordPolicy;

    #[test]
    fn each_policy_asks_for_what_it_says() {
        use PasswordPolicy::{Excellent, Fair, Good, Low};
        for (policy, good, bad) in [
            (Low, "aaaaaaaa", None),
            (Fair, "Passw0rd", Some("password1")),
            (Good, "pass-w0rd", Some("passw0rd")),
            (Excellent, "pass-w0rd-x", Some("pass-w0rd")),
            (Excellent, "Abcdefghi1", Some("Abbbcdefg1")),
        ] {
            assert_eq!(policy.lacks(good), None, "{policy:?} {good}");
            assert!(bad.is_none_or(|bad| policy.lacks(bad).is_some()), "{policy:?} {bad:?}");
        }
    }
}
