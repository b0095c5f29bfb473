//! An organization: a customer of the tenant, with members of its own.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::branding::Branding;
use crate::model::change::Change;
use crate::model::record::{Kind, Record};
use crate::protocol::ids::{OrganizationId, TenantId};

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
