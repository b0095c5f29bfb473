//! Documents of the token path, remembered for a while: typed, shared, absence included.
//!
//! A hit allocates nothing and waits for nobody. A miss is loaded once however many ask, and a load that
//! raced with a change is given to those who wait for it but not remembered.

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::cache::Cache as Settings;
use crate::model::change::Change;
use crate::model::client::Client;
use crate::model::client_grant::ClientGrant;
use crate::model::connection::Connection;
use crate::model::organization::Organization;
use crate::model::record::Record;
use crate::model::resource_server::ResourceServer;
use crate::model::role::Role;
use crate::model::user::User;
use crate::protocol::ids::{Audience, ClientId, OrganizationId, TenantId};
use crate::store::catalog::Catalog;
use crate::store::{SharedStore, StoreError};
use crate::telemetry::labels::CacheName;
use crate::telemetry::metrics::Metrics;

mod front;
pub mod key;
pub mod role_book;
pub mod shelf;

use key::Name;
pub use role_book::RoleBook;

/// The longest id or name that a document can have, in bytes (the registrar allows 600). What is longer is absent
/// without a look: callers choose what they name, and absence is remembered under the whole name.
const NAME_MAX: usize = 1_024;
use shelf::{Entry, Shelf};

/// The caches in front of the [`Catalog`], one per kind.
pub struct Cached {
    catalog: Catalog,
    clients: Shelf<Client>,
    client_grants: Shelf<ClientGrant>,
    connections: Shelf<Connection>,
    organizations: Shelf<Organization>,
    /// The same documents by name, so that a name costs one look-up.
    organizations_by_name: Shelf<Organization>,
    resource_servers: Shelf<ResourceServer>,
    roles: Shelf<RoleBook>,
    users: Shelf<User>,
    metrics: Arc<Metrics>,
}

impl Cached {
    /// Empty caches in front of `store`.
    pub fn new(store: SharedStore, settings: &Settings, metrics: Arc<Metrics>) -> Self {
        Self {
            catalog: Catalog::new(store),
            clients: Shelf::new(settings),
            client_grants: Shelf::new(settings),
            connections: Shelf::new(settings),
            organizations: Shelf::new(settings),
            organizations_by_name: Shelf::new(settings),
            resource_servers: Shelf::new(settings),
            roles: Shelf::new(settings),
            users: Shelf::new(settings),
            metrics,
        }
    }

    /// The documents themselves, for writes and for reads that must not be stale.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The client called `id`.
    ///
    /// # Errors
    /// [`StoreError`], on a miss only.
    pub async fn client(&self, tenant: &TenantId, id: &str) -> Result<Option<Arc<Client>>, StoreError> {
        self.document(&self.clients, CacheName::Client, tenant, id).await
    }

    /// The resource server whose identifier is `audience`.
    ///
    /// # Errors
    /// As [`Cached::client`].
    pub async fn resource_server(
        &self,
        tenant: &TenantId,
        audience: &str,
    ) -> Result<Option<Arc<ResourceServer>>, StoreError> {
        self.document(&self.resource_servers, CacheName::ResourceServer, tenant, audience).await
    }

    /// What `client` may ask of `audience` in its own name.
    ///
    /// # Errors
    /// As [`Cached::client`].
    pub async fn client_grant(
        &self,
        tenant: &TenantId,
        client: &ClientId,
        audience: &Audience,
    ) -> Result<Option<Arc<ClientGrant>>, StoreError> {
        let name = Name::pair(tenant, client.as_str(), audience.as_str());
        if let Some(hit) = self.hit(&self.client_grants, CacheName::ClientGrant, &name) {
            return Ok(hit);
        }
        let load =
            async { self.read::<ClientGrant>(tenant, &ClientGrant::record_id(client, audience)).await };
        self.client_grants.load(&name, load).await
    }

    /// The connection called `name`.
    ///
    /// # Errors
    /// As [`Cached::client`].
    pub async fn connection(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<Arc<Connection>>, StoreError> {
        self.document(&self.connections, CacheName::Connection, tenant, name).await
    }

    /// The user called `id`.
    ///
    /// # Errors
    /// As [`Cached::client`].
    pub async fn user(&self, tenant: &TenantId, id: &str) -> Result<Option<Arc<User>>, StoreError> {
        self.document(&self.users, CacheName::User, tenant, id).await
    }

    /// The organization whose id or name a caller presented: `org_…` is tried as an id first.
    ///
    /// # Errors
    /// As [`Cached::client`].
    pub async fn organization(
        &self,
        tenant: &TenantId,
        id_or_name: &str,
    ) -> Result<Option<Arc<Organization>>, StoreError> {
        if id_or_name.starts_with("org_") {
            let found =
                self.document(&self.organizations, CacheName::Organization, tenant, id_or_name).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        if id_or_name.len() > NAME_MAX {
            return Ok(None);
        }
        let lower = lowercase(id_or_name);
        let name = Name::of(tenant, &lower);
        if let Some(hit) = self.hit(&self.organizations_by_name, CacheName::Organization, &name) {
            return Ok(hit);
        }
        let load = async {
            let identifier = Organization::name_identifier(&lower);
            let found = self.catalog.find_named::<Organization>(tenant, &identifier).await?;
            Ok(found.map(|found| Arc::new(found.record)))
        };
        self.organizations_by_name.load(&name, load).await
    }

    /// The organization with exactly this id; never another one that has it as a name.
    ///
    /// # Errors
    /// As [`Cached::client`].
    pub async fn organization_by_id(
        &self,
        tenant: &TenantId,
        id: &OrganizationId,
    ) -> Result<Option<Arc<Organization>>, StoreError> {
        self.document(&self.organizations, CacheName::Organization, tenant, id.as_str()).await
    }

    /// Every role of the tenant.
    ///
    /// # Errors
    /// As [`Cached::client`].
    pub async fn roles(&self, tenant: &TenantId) -> Result<Arc<RoleBook>, StoreError> {
        let name = Name::of(tenant, "");
        if let Some(Some(hit)) = self.hit(&self.roles, CacheName::Roles, &name) {
            return Ok(hit);
        }
        let load = async { Ok(Some(Arc::new(RoleBook::new(self.catalog.all::<Role>(tenant).await?)))) };
        Ok(self.roles.load(&name, load).await?.unwrap_or_default())
    }

    /// Forgets what `change` names.
    pub fn apply(&self, change: &Change) {
        match change {
            Change::Client { tenant, client } => self.clients.forget(&Name::of(tenant, client.as_str())),
            Change::ClientGrant { tenant, client, audience } => {
                self.client_grants.forget(&Name::pair(tenant, client.as_str(), audience.as_str()));
            }
            Change::Connection { tenant, connection } => {
                self.connections.forget(&Name::of(tenant, connection.as_str()));
            }
            Change::Organization { tenant, organization, name } => {
                self.organizations.forget(&Name::of(tenant, organization.as_str()));
                self.organizations_by_name.forget(&Name::of(tenant, &lowercase(name)));
            }
            Change::ResourceServer { tenant, audience } => {
                self.resource_servers.forget(&Name::of(tenant, audience.as_str()));
            }
            Change::Role { tenant } => self.roles.forget(&Name::of(tenant, "")),
            Change::User { tenant, user } => self.users.forget(&Name::of(tenant, user.as_str())),
            // What was removed with it was not named one by one. This is rare.
            Change::TenantEmptied { .. } => self.drop_all(),
            Change::FamilyRevoked { .. }
            | Change::Keys { .. }
            | Change::Membership { .. }
            | Change::SessionEnded { .. }
            | Change::Tenant { .. } => {}
        }
    }

    /// Forgets everything: word of a change may have been missed.
    pub fn drop_all(&self) {
        self.clients.forget_all();
        self.client_grants.forget_all();
        self.connections.forget_all();
        self.organizations.forget_all();
        self.organizations_by_name.forget_all();
        self.resource_servers.forget_all();
        self.roles.forget_all();
        self.users.forget_all();
    }

    async fn document<T: Record>(
        &self,
        kept: &Shelf<T>,
        cache: CacheName,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<Arc<T>>, StoreError> {
        if id.len() > NAME_MAX {
            return Ok(None);
        }
        let name = Name::of(tenant, id);
        match self.hit(kept, cache, &name) {
            Some(hit) => Ok(hit),
            None => kept.load(&name, self.read(tenant, id)).await,
        }
    }

    fn hit<T: Send + Sync + 'static>(
        &self,
        kept: &Shelf<T>,
        cache: CacheName,
        name: &Name<'_>,
    ) -> Option<Entry<T>> {
        let hit = kept.look(name);
        self.metrics.cache_lookup(cache, hit.is_some());
        hit
    }

    async fn read<T: Record>(&self, tenant: &TenantId, id: &str) -> Result<Option<Arc<T>>, StoreError> {
        Ok(self.catalog.find::<T>(tenant, id).await?.map(|found| Arc::new(found.record)))
    }
}

/// Names are kept in lower case; most are presented so.
fn lowercase(name: &str) -> Cow<'_, str> {
    if name.chars().any(char::is_uppercase) { Cow::Owned(name.to_lowercase()) } else { Cow::Borrowed(name) }
}

#[cfg(test)]
mod tests;
