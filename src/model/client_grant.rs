//! A client grant: what one client may ask of one resource server in its own name.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::change::Change;
use crate::model::client::OrganizationUsage;
use crate::model::record::{Kind, Record};
use crate::protocol::ids::{Audience, ClientId, OrganizationId, TenantId};
use crate::protocol::scope::ScopeList;

/// Auth0's client grant; there is one per client and audience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientGrant {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// `cgr_…`.
    pub id: String,
    /// Who may ask.
    pub client_id: ClientId,
    /// Of whom.
    pub audience: Audience,
    /// For what.
    #[serde(default)]
    pub scope: ScopeList,
    /// Whether the token may, must or must not be for an organization.
    #[serde(default = "denied")]
    pub organization_usage: OrganizationUsage,
    /// Whether every organization is allowed, not only those listed.
    #[serde(default)]
    pub allow_any_organization: bool,
    /// The organizations in which the client may act.
    #[serde(default)]
    pub organizations: Vec<OrganizationId>,
}

const fn denied() -> OrganizationUsage {
    OrganizationUsage::Deny
}

impl ClientGrant {
    /// The record id under which the grant of `client` for `audience` is kept.
    pub fn record_id(client: &ClientId, audience: &Audience) -> String {
        format!("{client}|{audience}")
    }

    /// Whether the client may act in `organization`.
    pub fn allows_organization(&self, organization: &OrganizationId) -> bool {
        self.organization_usage != OrganizationUsage::Deny
            && (self.allow_any_organization || self.organizations.contains(organization))
    }
}

impl Record for ClientGrant {
    const KIND: Kind = Kind::ClientGrant;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Client and audience, so that the token path finds it with one look-up.
    fn id(&self) -> Cow<'_, str> {
        Cow::Owned(Self::record_id(&self.client_id, &self.audience))
    }

    fn identifiers(&self) -> Vec<String> {
        vec![format!("grant:{}", self.id)]
    }

    fn change(&self) -> Change {
        Change::ClientGrant {
            tenant: self.tenant.clone(),
            client: self.client_id.clone(),
            audience: self.audience.clone(),
        }
    }
}
