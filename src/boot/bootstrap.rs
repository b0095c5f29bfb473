//! What must exist before the first request: a default tenant, and the management client when one is configured.

use crate::boot::StartError;
use crate::boot::registrar::registrar;
use crate::config::Config;
use crate::engine::records::clients::ClientDraft;
use crate::engine::records::{Mode, Refusal};
use crate::engine::{Engine, management_api};
use crate::model::record::SYSTEM_TENANT;
use crate::model::tenant::Tenant;
use crate::protocol::ids::TenantId;
use crate::store::SharedStore;
use crate::store::catalog::{Catalog, Saved};
use crate::store::records::Expect;
use crate::tenancy::TenantView;

/// Makes the default tenant if there is none of that name.
///
/// # Errors
/// [`StartError::Store`].
pub async fn default_tenant(config: &Config, store: &SharedStore) -> Result<(), StartError> {
    let id = config.tenants.default_tenant.as_str();
    if id.is_empty() {
        return Ok(());
    }
    let catalog = Catalog::new(SharedStore::clone(store));
    if catalog.find::<Tenant>(&TenantId::from(SYSTEM_TENANT), id).await?.is_some() {
        return Ok(());
    }
    let tenant: Tenant = serde_json::from_value(serde_json::json!({ "id": id, "friendly_name": id }))
        .map_err(|error| StartError::Bootstrap(error.to_string()))?;
    match catalog.save(&tenant, Expect::Absent).await? {
        // Another node may have been first.
        Saved::Saved { .. } | Saved::Conflict => Ok(()),
        Saved::NameTaken(name) => Err(StartError::Bootstrap(format!("{name} belongs to another tenant"))),
    }
}

/// Makes or updates the management client of the default tenant, when one is configured.
///
/// # Errors
/// [`StartError::Bootstrap`] when the configured id or secret is refused.
pub async fn client(config: &Config, engine: &Engine) -> Result<(), StartError> {
    let wanted = &config.bootstrap;
    if wanted.client_id.is_empty() {
        return Ok(());
    }
    let id = TenantId::from(config.tenants.default_tenant.as_str());
    let tenant = engine
        .tenancy()
        .by_id(&id)
        .ok_or_else(|| StartError::Bootstrap("a management client needs a default tenant".to_owned()))?;
    let draft: ClientDraft = serde_json::from_value(serde_json::json!({
        "client_id": wanted.client_id,
        "client_secret": wanted.client_secret.expose(),
        "name": "Management (ensured at start)",
        "app_type": "non_interactive",
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["client_credentials"],
    }))
    .map_err(|error| StartError::Bootstrap(error.to_string()))?;
    let registrar = registrar(engine);
    let refused = |refusal: Refusal| StartError::Bootstrap(refusal.to_string());
    registrar.put_client(&tenant.tenant, draft, Mode::Import).await.map_err(refused)?;
    management_api::grant_all(&registrar, &tenant, &wanted.client_id).await.map_err(refused)
}

/// Sees to it that every tenant has its management API and its default directory.
///
/// # Errors
/// [`StartError::Bootstrap`].
pub async fn furnish_all(engine: &Engine) -> Result<(), StartError> {
    for tenant in engine.tenancy().all() {
        furnish(engine, &tenant).await?;
    }
    Ok(())
}

/// Sees to it that one tenant has its management API and its default directory.
///
/// # Errors
/// [`StartError::Bootstrap`].
pub async fn furnish(engine: &Engine, tenant: &TenantView) -> Result<(), StartError> {
    let registrar = registrar(engine);
    let refused = |refusal: Refusal| StartError::Bootstrap(refusal.to_string());
    management_api::ensure(&registrar, tenant).await.map_err(refused)?;
    registrar.ensure_default_directory(&tenant.tenant).await.map_err(refused)
}
