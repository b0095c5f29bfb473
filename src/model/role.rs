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
