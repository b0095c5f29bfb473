//! An organization: a customer of the tenant, with members of its own.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::branding::Branding;
use crate::model::change::Change;
use crate::model::record::{Kind, Record};
use crate::protocol::ids::{ConnectionId, OrganizationId, TenantId};

/// An organization; field names are Auth0's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// `org_…`.
    pub id: OrganizationId,
    /// Its unique name: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// The name that people see.
    #[serde(default)]
    pub display_name: String,
    /// Logo and colours of the pages on which its members log in.
    #[serde(default, skip_serializing_if = "Branding::is_empty")]
    pub branding: Branding,
    /// Free-form values of the tenant's administrator.
    #[serde(default)]
    pub metadata: std::collections::BTreeMap<String, String>,
    /// The connections whose users may log in to it; with none, the users of every connection may.
    #[serde(default)]
    pub enabled_connections: Vec<EnabledConnection>,
}

/// A connection as one organization has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnabledConnection {
    /// The name that users know it by: what is compared at every login needs no look-up.
    pub connection_id: ConnectionId,
    /// Whether whoever logs in by it becomes a member.
    #[serde(default)]
    pub assign_membership_on_login: bool,
    /// Whether login pages show it; kept for those that have several to show.
    #[serde(default = "yes")]
    pub show_as_button: bool,
    /// Whether people may make accounts in it on the way to the organization.
    #[serde(default)]
    pub is_signup_enabled: bool,
}

impl EnabledConnection {
    /// With Auth0's defaults.
    pub const fn new(connection_id: ConnectionId) -> Self {
        Self {
            connection_id,
            assign_membership_on_login: false,
            show_as_button: true,
            is_signup_enabled: false,
        }
    }
}

const fn yes() -> bool {
    true
}

impl Organization {
    /// The name that people know it by.
    pub fn shown_name(&self) -> &str {
        if self.display_name.is_empty() { &self.name } else { &self.display_name }
    }

    /// The unique name of an organization called `name`.
    pub fn name_identifier(name: &str) -> String {
        format!("org:{}", name.to_lowercase())
    }

    /// How `connection` is enabled, if it is.
    pub fn enabled(&self, connection: &ConnectionId) -> Option<&EnabledConnection> {
        self.enabled_connections.iter().find(|own| own.connection_id == *connection)
    }

    /// Whether users of `connection` may log in to it.
    pub fn admits(&self, connection: &ConnectionId) -> bool {
        self.enabled_connections.is_empty() || self.enabled(connection).is_some()
    }
}

impl Record for Organization {
    const KIND: Kind = Kind::Organization;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn id(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.id.as_str())
    }

    fn identifiers(&self) -> Vec<String> {
        vec![Self::name_identifier(&self.name)]
    }

    fn change(&self) -> Change {
        Change::Organization {
            tenant: self.tenant.clone(),
            organization: self.id.clone(),
            name: self.name.clone(),
        }
    }
}
