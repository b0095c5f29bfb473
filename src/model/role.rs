//! A role: a named bundle of permissions at resource servers.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::change::Change;
use crate::model::record::{Kind, Record};
use crate::protocol::ids::{Audience, RoleId, TenantId};

/// A role; field names are Auth0's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// `rol_…`.
    pub id: RoleId,
    /// Its unique name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// What it permits.
    #[serde(default)]
    pub permissions: Vec<Permission>,
}

/// One permission at one resource server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// The audience at which it counts.
    pub resource_server_identifier: Audience,
    /// A scope of that resource server.
    pub permission_name: String,
}

/// Adds what `held` does not have yet.
pub fn unite(held: &mut Vec<Permission>, more: Vec<Permission>) {
    for permission in more {
        if !held.contains(&permission) {
            held.push(permission);
        }
    }
}

/// Takes from `held`; what it does not have is passed over.
pub fn subtract(held: &mut Vec<Permission>, less: &[Permission]) {
    held.retain(|own| !less.contains(own));
}

impl Record for Role {
    const KIND: Kind = Kind::Role;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn id(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.id.as_str())
    }

    fn identifiers(&self) -> Vec<String> {
        vec![format!("role:{}", self.name)]
    }

    fn change(&self) -> Change {
        Change::Role { tenant: self.tenant.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_a_set_in_the_order_in_which_they_came() {
        let permission = |name: &str| Permission {
            resource_server_identifier: Audience::from("https://a"),
            permission_name: name.to_owned(),
        };
        let mut held = vec![permission("b")];
        unite(&mut held, vec![permission("a"), permission("b"), permission("a")]);
        assert_eq!(held, [permission("b"), permission("a")]);
        subtract(&mut held, &[permission("b"), permission("c")]);
        assert_eq!(held, [permission("a")]);
    }
}
