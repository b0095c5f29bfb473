//! Tenants, made whole before they are served, and disabled before they are taken apart.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::try_join_all;
use serde_json::json;

use crate::engine::records::clients::ClientDraft;
use crate::engine::records::demolition::Demolition;
use crate::engine::records::flaws::read_value;
use crate::engine::records::secrets::Secret;
use crate::engine::records::tenants::TenantDraft;
use crate::engine::records::{Mode, Refusal};
use crate::engine::registrar::registrar;
use crate::engine::{Engine, management_api};
use crate::model::record::SYSTEM_TENANT;
use crate::model::signing_key::Algorithm;
use crate::model::tenant::Tenant;
use crate::protocol::ids::{ClientId, TenantId};
use crate::store::StoreError;

/// Ids that no new tenant can have, because their hosts or paths would be taken for something else.
pub const RESERVED: [&str; 20] = [
    "account",
    "admin",
    "api",
    "app",
    "auth",
    "autoconfig",
    "autodiscover",
    "default",
    "ftp",
    "imap",
    "localhost",
    "mail",
    "manage",
    "mx",
    "ns",
    "pop",
    "settings",
    "smtp",
    "system",
    "www",
];

/// A tenant just made, with the client by which its first administrator gets in.
pub struct NewTenant {
    /// The tenant.
    pub tenant: Tenant,
    /// May do everything at the tenant's management API.
    pub client: ClientId,
    /// Its secret, shown here and never again.
    pub secret: Option<Secret>,
}

/// Tenants that this node is taking apart, so that asking again starts nothing twice.
#[derive(Clone, Default)]
pub struct Demolitions(Arc<Mutex<HashSet<TenantId>>>);

impl Engine {
    /// Takes over some tenants as the store has them now; the others stay as they are.
    ///
    /// # Errors
    /// [`StoreError`]; the view stays what it was.
    pub async fn reload_tenants(
        &self,
        changed: impl IntoIterator<Item = &TenantId>,
    ) -> Result<(), StoreError> {
        // One at a time, so that an older document never replaces a newer one.
        let _turn = self.reloading.lock().await;
        let (catalog, system) = (self.cached().catalog(), TenantId::from(SYSTEM_TENANT));
        let reading = changed.into_iter().map(|id| async {
            let found = catalog.find::<Tenant>(&system, id.as_str()).await?;
            Ok::<_, StoreError>((id.clone(), found.map(|found| found.record)))
        });
        self.tenancy().change(try_join_all(reading).await?);
        Ok(())
    }

    /// Takes over all tenants that the store has now, which are returned.
    ///
    /// # Errors
    /// [`StoreError`]; the view stays what it was.
    pub async fn reload_all_tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let _turn = self.reloading.lock().await;
        let tenants = self.cached().catalog().all::<Tenant>(&TenantId::from(SYSTEM_TENANT)).await?;
        self.tenancy().replace(tenants.clone());
        Ok(tenants)
    }

    /// Makes a tenant with its management API, default directory, signing key and first administrator. It is
    /// disabled until all of that stands: a crash leaves a disabled tenant that can be deleted.
    ///
    /// # Errors
    /// [`Refusal::Exists`], [`Refusal::Invalid`].
    pub async fn make_tenant(&self, draft: TenantDraft) -> Result<NewTenant, Refusal> {
        if RESERVED.contains(&draft.id.as_str()) {
            return Err(Refusal::flaw("id", &"this name is reserved"));
        }
        let registrar = registrar(self);
        let draft = TenantDraft { enabled: Some(false), ..draft };
        let made = registrar.put_tenant(draft, Mode::Create).await?.record;
        let id = made.id.clone();
        let view = self.tenancy().view(made);
        management_api::ensure(&registrar, &view).await?;
        registrar.ensure_default_directory(&view.tenant).await?;
        let keyring = &self.actors().keyring;
        let keys = keyring.ensure(&id, Algorithm::default()).await;
        keys.map_err(|error| Refusal::Ours(format!("no signing key: {error}")))?;
        let draft: ClientDraft = read_value(json!({
            "name": "Management", "app_type": "non_interactive", "grant_types": ["client_credentials"],
        }))?;
        let client = registrar.put_client(&view.tenant, draft, Mode::Create).await?;
        management_api::grant_all(&registrar, &view, client.record.client_id.as_str()).await?;
        let enable = TenantDraft { id: id.to_string(), enabled: Some(true), ..TenantDraft::default() };
        let tenant = registrar.put_tenant(enable, Mode::Update).await?.record;
        self.reload_tenants([&id]).await?;
        Ok(NewTenant { tenant, client: client.record.client_id, secret: client.secret })
    }

    /// Disables a tenant for good, here before this returns and on every other node by the change feed, and
    /// begins to remove everything of it.
    ///
    /// # Errors
    /// [`Refusal::Missing`]; asking again is safe and goes on with what is left.
    pub async fn delete_tenant(&self, id: &TenantId, version: u64) -> Result<(), Refusal> {
        registrar(self).at_version(version).retire_tenant(id).await?;
        self.reload_tenants([id]).await?;
        self.demolish(id);
        Ok(())
    }

    /// Goes on removing the tenants whose removal was interrupted.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub async fn resume_demolitions(&self) -> Result<(), StoreError> {
        for tenant in self.reload_all_tenants().await?.into_iter().filter(|tenant| tenant.deleting) {
            self.demolish(&tenant.id);
        }
        Ok(())
    }

    /// Removes everything of a retired tenant, in a task of its own.
    fn demolish(&self, id: &TenantId) {
        let (running, id) = (self.demolitions.clone(), id.clone());
        if !running.begin(&id) {
            return;
        }
        let demolition = Demolition::new(self.cached().catalog().clone(), id.clone());
        tokio::spawn(async move {
            demolition.finish().await;
            running.end(&id);
        });
    }
}

impl Demolitions {
    fn begin(&self, id: &TenantId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone())
    }

    fn end(&self, id: &TenantId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}
