//! An invitation: one address may join one organization, once, until it expires.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::UnixMs;
use crate::model::change::Change;
use crate::model::record::{Kind, Record};
use crate::model::term::{Field, Term};
use crate::protocol::ids::{ClientId, ConnectionId, OrganizationId, RoleId, TenantId, UserId};

/// An invitation; field names are Auth0's. Its ticket is not kept: it is sealed anew whenever it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// `uinv_…`.
    pub id: String,
    /// What may be joined.
    pub organization_id: OrganizationId,
    /// Who invites.
    pub inviter: Inviter,
    /// Who is invited.
    pub invitee: Invitee,
    /// The application at which the invitation counts.
    pub client_id: ClientId,
    /// Where that application begins a login, as it was when the invitation was made.
    pub initiate_login_uri: String,
    /// The connection whose user must accept, if it matters.
    #[serde(default)]
    pub connection: Option<EnabledName>,
    /// The roles that come with the membership.
    #[serde(default)]
    pub roles: Vec<RoleId>,
    /// Laid into a user that is made to accept it.
    #[serde(default)]
    pub app_metadata: Map<String, Value>,
    /// Laid into a user that is made to accept it.
    #[serde(default)]
    pub user_metadata: Map<String, Value>,
    /// When it was made.
    pub created_at: UnixMs,
    /// From when on it counts no more.
    pub expires_at: UnixMs,
    /// Who has it. Written before the membership, so that nobody else joins by it; gone with the record afterwards.
    #[serde(default)]
    pub accepted_by: Option<UserId>,
}

/// Who invites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inviter {
    /// The name that the invited person sees.
    pub name: String,
}

/// Who is invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitee {
    /// The address, lower case.
    pub email: String,
}

/// A connection by both of its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnabledName {
    /// `con_…`.
    pub id: String,
    /// The name that users know it by.
    pub name: ConnectionId,
}

impl Invitation {
    /// What the terms of an organization's invitations begin with.
    pub fn terms_of(organization: &OrganizationId) -> String {
        format!("{organization}:")
    }

    /// Whether it counts no more.
    pub fn is_over(&self, now: UnixMs) -> bool {
        now >= self.expires_at
    }

    /// Whether it was meant for somebody with this address and of this connection.
    pub fn is_for(&self, email: Option<&str>, connection: &ConnectionId) -> bool {
        email == Some(self.invitee.email.as_str())
            && self.connection.as_ref().is_none_or(|own| own.name == *connection)
    }
}

impl Record for Invitation {
    const KIND: Kind = Kind::Invitation;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn id(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }

    fn terms(&self) -> Vec<Term> {
        let value = Self::terms_of(&self.organization_id) + &Term::instant(self.created_at);
        vec![Term::new(Field::Organization, &value)]
    }

    /// Nobody remembers invitations; what may be remembered is the organization.
    fn change(&self) -> Change {
        let (tenant, organization) = (self.tenant.clone(), self.organization_id.clone());
        Change::Organization { tenant, organization, name: String::new() }
    }
}
