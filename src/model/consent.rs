//! A consent: what one user lets one application of somebody else have of one resource server (Auth0's *grant*).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::model::change::Change;
use crate::model::record::{Kind, Record};
use crate::protocol::ids::{Audience, ClientId, TenantId, UserId};
use crate::protocol::scope::Scope;

/// A remembered consent; there is one per user, client and audience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The tenant of all three.
    pub tenant: TenantId,
    /// The name under which it is revoked.
    pub id: String,
    /// Who consented.
    pub user: UserId,
    /// To whose having it.
    pub client: ClientId,
    /// Of whom.
    pub audience: Audience,
    /// What; whatever was allowed at any time since it was last revoked.
    pub scope: Scope,
    /// When it was last given: it says nothing to a client that was made later under the same id.
    pub given_at: UnixMs,
}

impl Consent {
    /// The record id of what `user` lets `client` have of `audience`.
    pub fn record_id(user: &UserId, client: &ClientId, audience: &Audience) -> String {
        format!("{}{client}\n{audience}", Self::prefix(user))
    }

    /// What the record ids of all consents of `user` begin with.
    pub fn prefix(user: &UserId) -> String {
        format!("{user}\n")
    }

    /// The unique name that leads to the consent called `id`.
    pub fn identifier(id: &str) -> String {
        format!("consent:{id}")
    }
}

impl Record for Consent {
    const KIND: Kind = Kind::Consent;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn id(&self) -> Cow<'_, str> {
        Cow::Owned(Self::record_id(&self.user, &self.client, &self.audience))
    }

    fn identifiers(&self) -> Vec<String> {
        vec![Self::identifier(&self.id)]
    }

    fn change(&self) -> Change {
        Change::User { tenant: self.tenant.clone(), user: self.user.clone() }
    }
}
