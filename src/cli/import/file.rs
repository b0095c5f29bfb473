//! The file: tenants, each with lists of records. Every record stays unread text until its turn, so that one
//! that does not read harms no other.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::engine::records::client_grants::ClientGrantDraft;
use crate::engine::records::clients::ClientDraft;
use crate::engine::records::connections::ConnectionDraft;
use crate::engine::records::enabled_connections::EnabledDraft;
use crate::engine::records::memberships::MembershipDraft;
use crate::engine::records::organizations::OrganizationDraft;
use crate::engine::records::resource_servers::ResourceServerDraft;
use crate::engine::records::roles::RoleDraft;
use crate::engine::records::tenants::TenantDraft;
use crate::engine::records::users::UserDraft;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File<'a> {
    #[serde(borrow)]
    pub(crate) tenants: Vec<&'a RawValue>,
}

/// A tenant with everything in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantEntry<'a> {
    id: String,
    friendly_name: Option<String>,
    branding: Option<Map<String, Value>>,
    custom_domains: Option<Vec<String>>,
    issuer: Option<String>,
    enabled: Option<bool>,
    settings: Option<Map<String, Value>>,
    attack_protection: Option<Map<String, Value>>,
    #[serde(borrow, default)]
    pub(crate) connections: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) resource_servers: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) clients: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) client_grants: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) roles: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) organizations: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) users: Vec<&'a RawValue>,
}

/// An organization with its members.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganizationEntry<'a> {
    id: Option<String>,
    name: Option<String>,
    display_name: Option<String>,
    branding: Option<Map<String, Value>>,
    metadata: Option<BTreeMap<String, String>>,
    enabled_connections: Option<Vec<EnabledDraft>>,
    #[serde(borrow, default)]
    pub(crate) members: Vec<&'a RawValue>,
}

/// A member of the organization in which it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberEntry {
    user: String,
    roles: Option<Vec<String>>,
}

/// What no two records of one list in the file may have in common, each with the field that holds it.
pub(crate) trait Distinct {
    fn distinct(&self) -> Vec<(&'static str, String)>;
}

impl TenantEntry<'_> {
    pub(crate) fn draft(&mut self) -> TenantDraft {
        TenantDraft {
            id: self.id.clone(),
            friendly_name: self.friendly_name.take(),
            branding: self.branding.take(),
            custom_domains: self.custom_domains.take(),
            issuer: self.issuer.take(),
            enabled: self.enabled.take(),
            settings: self.settings.take(),
            attack_protection: self.attack_protection.take(),
        }
    }

    /// How many records it holds, members of organizations apart.
    pub(crate) fn records(&self) -> usize {
        let lists = [&self.connections, &self.resource_servers, &self.clients, &self.client_grants];
        lists.into_iter().chain([&self.roles, &self.organizations, &self.users]).map(Vec::len).sum()
    }

    /// How many members its organizations have, as far as they read.
    pub(crate) fn members(&self) -> u64 {
        let organizations = self.organizations.iter();
        let read =
            organizations.filter_map(|raw| serde_json::from_str::<OrganizationEntry<'_>>(raw.get()).ok());
        read.map(|organization| organization.members.len() as u64).sum()
    }
}

impl OrganizationEntry<'_> {
    /// What finds the organization again.
    pub(crate) fn handle(&self) -> Option<&str> {
        self.id.as_deref().or(self.name.as_deref())
    }

    pub(crate) fn into_draft(self) -> OrganizationDraft {
        let Self { id, name, display_name, branding, metadata, enabled_connections, members: _ } = self;
        OrganizationDraft { id, name, display_name, branding, metadata, enabled_connections }
    }
}

impl MemberEntry {
    pub(crate) fn into_draft(self, organization: &str) -> MembershipDraft {
        MembershipDraft { organization: organization.to_owned(), user: self.user, roles: self.roles }
    }
}

impl Distinct for TenantEntry<'_> {
    fn distinct(&self) -> Vec<(&'static str, String)> {
        vec![("id", self.id.clone())]
    }
}

impl Distinct for ClientDraft {
    fn distinct(&self) -> Vec<(&'static str, String)> {
        self.client_id.iter().map(|id| ("client_id", id.clone())).collect()
    }
}

impl Distinct for ClientGrantDraft {
    fn distinct(&self) -> Vec<(&'static str, String)> {
        vec![("audience", format!("{} {}", self.client_id, self.audience))]
    }
}

impl Distinct for ConnectionDraft {
    fn distinct(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name.clone())]
    }
}

impl Distinct for MemberEntry {
    fn distinct(&self) -> Vec<(&'static str, String)> {
        vec![("user", self.user.to_lowercase())]
    }
}

impl Distinct for OrganizationEntry<'_> {
    fn distinct(&self) -> Vec<(&'static str, String)> {
        id_and_name(self.id.as_ref(), self.name.as_ref())
    }
}

impl Distinct for ResourceServerDraft {
    fn distinct(&self) -> Vec<(&'static str, String)> {
        vec![("identifier", self.identifier.clone())]
    }
}

impl Distinct for RoleDraft {
    fn distinct(&self) -> Vec<(&'static str, String)> {
        id_and_name(self.id.as_ref(), self.name.as_ref())
    }
}

impl Distinct for UserDraft {
    fn distinct(&self) -> Vec<(&'static str, String)> {
        let connection = self.connection.as_ref().map_or("", |connection| connection.as_str());
        let id = self.user_id.iter().map(|id| ("user_id", id.trim_start_matches("auth0|").to_owned()));
        let email =
            self.email.iter().map(|email| ("email", format!("{connection} {}", email.to_lowercase())));
        let name =
            self.username.iter().map(|name| ("username", format!("{connection} {}", name.to_lowercase())));
        id.chain(email).chain(name).collect()
    }
}

fn id_and_name(id: Option<&String>, name: Option<&String>) -> Vec<(&'static str, String)> {
    let id = id.map(|id| ("id", id.clone()));
    id.into_iter().chain(name.map(|name| ("name", name.clone()))).collect()
}
