//! Each record in the form in which an import takes it: by the names of its draft, without what stands in no draft.
//!
//! What refers to something that is gone is left out; it means nothing, and an import would refuse the record.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::model::client::Client;
use crate::model::client_grant::ClientGrant;
use crate::model::connection::Connection;
use crate::model::custom_hash::CustomHash;
use crate::model::membership::Membership;
use crate::model::organization::Organization;
use crate::model::resource_server::ResourceServer;
use crate::model::role::{Permission, Role};
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::protocol::ids::{Audience, RoleId};

/// What a record may refer to.
pub(crate) struct Known {
    pub(crate) scopes: HashMap<Audience, HashSet<String>>,
    pub(crate) roles: HashSet<RoleId>,
}

impl Known {
    fn knows(&self, audience: &Audience, scope: &str) -> bool {
        self.scopes.get(audience).is_some_and(|scopes| scopes.contains(scope))
    }

    fn permissions<'a>(&self, permissions: &'a [Permission]) -> Vec<&'a Permission> {
        let known = |permission: &&Permission| {
            self.knows(&permission.resource_server_identifier, &permission.permission_name)
        };
        permissions.iter().filter(known).collect()
    }

    fn roles<'a>(&self, roles: &'a [RoleId]) -> Vec<&'a RoleId> {
        roles.iter().filter(|role| self.roles.contains(*role)).collect()
    }
}

/// Without the domains that it claims: they are proved anew where it is imported.
pub(crate) fn tenant(tenant: &Tenant) -> Value {
    Value::Object(members(tenant, &["claimed_domains", "deleting"]))
}

pub(crate) fn connection(connection: &Connection) -> Value {
    Value::Object(members(connection, &["tenant"]))
}

pub(crate) fn resource_server(api: &ResourceServer) -> Value {
    Value::Object(members(api, &["tenant"]))
}

/// The hashes of its secrets only if they are wanted; without them, an import makes a new secret.
pub(crate) fn client(client: &Client, secrets: bool) -> Value {
    let mut shown = members(client, &["tenant", "secrets", "created_at"]);
    if secrets && !client.secrets.is_empty() {
        shown.insert("client_secret_hashes".to_owned(), json!(client.secrets));
    }
    Value::Object(shown)
}

pub(crate) fn role(role: &Role, known: &Known) -> Value {
    let mut shown = members(role, &["tenant"]);
    shown.insert("permissions".to_owned(), json!(known.permissions(&role.permissions)));
    Value::Object(shown)
}

pub(crate) fn organization(organization: &Organization) -> Value {
    Value::Object(members(organization, &["tenant"]))
}

pub(crate) fn client_grant(grant: &ClientGrant, known: &Known) -> Value {
    let mut shown = members(grant, &["tenant"]);
    let scope: Vec<_> = grant.scope.iter().filter(|scope| known.knows(&grant.audience, scope)).collect();
    shown.insert("scope".to_owned(), json!(scope));
    Value::Object(shown)
}

/// Without empty lists and objects: there are many users.
pub(crate) fn user(user: &User, hash: Option<&str>, known: &Known) -> Value {
    let hidden = ["tenant", "profile", "not_before", "clients_not_before", "created_at", "updated_at"];
    let mut shown = members(user, &hidden);
    shown.insert("roles".to_owned(), json!(known.roles(&user.roles)));
    shown.insert("permissions".to_owned(), json!(known.permissions(&user.permissions)));
    shown.extend(members(&user.profile, &[]));
    shown.retain(|_, value| !is_empty(value));
    if let Some(hash) = hash {
        match CustomHash::from_stored(hash) {
            Some(custom) => shown.insert("custom_password_hash".to_owned(), json!(custom)),
            None => shown.insert("password_hash".to_owned(), json!(hash)),
        };
    }
    Value::Object(shown)
}

pub(crate) fn member(membership: &Membership, known: &Known) -> Value {
    let Membership { organization, user, roles, .. } = membership;
    json!({ "organization": organization, "user": user, "roles": known.roles(roles) })
}

/// The members of a record that say something, without those in `hidden`.
fn members<T: Serialize>(record: &T, hidden: &[&str]) -> Map<String, Value> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(record) else { return Map::new() };
    members.retain(|name, value| !value.is_null() && !hidden.contains(&name.as_str()));
    members
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}
