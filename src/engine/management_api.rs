//! The management API as a resource server: every tenant has one, with Auth0's scopes.

use serde_json::json;

use crate::engine::records::flaws::read_value;
use crate::engine::records::{Mode, Refusal, Registrar};
use crate::tenancy::TenantView;

/// A name for the management API of whichever tenant is asked.
pub const ALIAS: &str = "urn:jeton:management";

/// What may be done, and with what: `read:clients`, `create:users` … as Auth0 names them.
const RESOURCES: &[(&str, &[&str])] = &[
    ("anomaly_blocks", &["delete", "read"]),
    ("attack_protection", &["read", "update"]),
    ("branding", &["read", "update"]),
    ("client_grants", &["create", "delete", "read", "update"]),
    ("client_keys", &["create", "delete", "read", "update"]),
    ("clients", &["create", "delete", "read", "update"]),
    ("connections", &["create", "delete", "read", "update"]),
    ("custom_domains", &["create", "delete", "read", "update"]),
    ("grants", &["delete", "read"]),
    ("email_templates", &["create", "read", "update"]),
    ("logs", &["read"]),
    ("logs_users", &["read"]),
    ("organization_client_grants", &["create", "delete", "read"]),
    ("organization_connections", &["create", "delete", "read", "update"]),
    ("organization_invitations", &["create", "delete", "read"]),
    ("organization_member_roles", &["create", "delete", "read"]),
    ("organization_members", &["create", "delete", "read"]),
    ("organizations", &["create", "delete", "read", "update"]),
    ("organizations_summary", &["read"]),
    ("refresh_tokens", &["delete", "read", "update"]),
    ("resource_servers", &["create", "delete", "read", "update"]),
    ("role_members", &["create", "delete", "read"]),
    ("roles", &["create", "delete", "read", "update"]),
    ("sessions", &["delete", "read", "update"]),
    ("signing_keys", &["create", "read", "update"]),
    ("stats", &["read"]),
    ("tenant_settings", &["read", "update"]),
    ("user_idp_tokens", &["read"]),
    ("users", &["create", "delete", "read", "update"]),
    ("users_app_metadata", &["create", "delete", "read", "update"]),
];

/// What only the operator's own tenant has.
const OPERATORS_RESOURCES: &[(&str, &[&str])] = &[("tenants", &["create", "delete", "read", "update"])];

/// Every scope of a tenant's management API.
pub fn scopes(is_operators: bool) -> impl Iterator<Item = String> {
    let more = if is_operators { OPERATORS_RESOURCES } else { &[] };
    RESOURCES
        .iter()
        .chain(more)
        .flat_map(|(resource, actions)| actions.iter().map(move |action| format!("{action}:{resource}")))
}

/// Sees to it that the tenant's management API is registered, with today's scopes.
///
/// # Errors
/// [`Refusal`]; asking again is safe.
pub async fn ensure(registrar: &Registrar, tenant: &TenantView) -> Result<(), Refusal> {
    let scopes: Vec<_> = scopes(tenant.is_operators).map(|value| json!({ "value": value })).collect();
    // With policies enforced, a person who asks for these scopes at an ordinary application gets none of them.
    let draft = json!({ "identifier": tenant.management.as_str(), "name": "Management API", "scopes": scopes,
        "enforce_policies": true, "allow_offline_access": false });
    match registrar.put_resource_server(&tenant.tenant, read_value(draft)?, Mode::Import).await {
        // Another node was first.
        Ok(_) | Err(Refusal::Conflict | Refusal::Exists) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

/// Grants `client` every scope of the tenant's management API.
///
/// # Errors
/// [`Refusal`]; asking again is safe.
pub async fn grant_all(registrar: &Registrar, tenant: &TenantView, client: &str) -> Result<(), Refusal> {
    ensure(registrar, tenant).await?;
    let scope: Vec<_> = scopes(tenant.is_operators).collect();
    let draft = json!({ "client_id": client, "audience": tenant.management.as_str(), "scope": scope });
    match registrar.put_client_grant(&tenant.tenant, read_value(draft)?, Mode::Import).await {
        Ok(_) | Err(Refusal::Conflict | Refusal::Exists) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}
