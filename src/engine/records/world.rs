//! A small world for the tests of records: a registrar over a store in memory.

use std::sync::Arc;

use serde_json::Value;
use zeroize::Zeroizing;

use crate::actors::passwords::Objection;
use crate::clock::{Clock, Entropy, UnixMs};
use crate::engine::records::secrets::{Hashing, HashingError};
use crate::engine::records::{Mode, Put, Refusal, Registrar};
use crate::model::client::Client;
use crate::model::organization::Organization;
use crate::model::resource_server::ResourceServer;
use crate::model::role::Role;
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::signing::master_key::MasterKey;
use crate::signing::sealing::Sealer;
use crate::store::catalog::Catalog;
use crate::store::double::Double;

/// A registrar, the store underneath, and one tenant.
pub(crate) struct World {
    pub(crate) registrar: Registrar,
    pub(crate) store: Arc<Double>,
    pub(crate) clock: Clock,
    pub(crate) tenant: Tenant,
}

/// Stands in for argon2: the tests ask what is hashed when, not how.
pub(crate) struct PlainHashing;

impl World {
    pub(crate) async fn start() -> Self {
        let world = Self::empty();
        let draft = drafted(serde_json::json!({"id": "acme"}));
        world.registrar.put_tenant(draft, Mode::Create).await.unwrap();
        world
    }

    /// Without a tenant in the store.
    pub(crate) fn empty() -> Self {
        let store = Double::new();
        let clock = Clock::fixed(UnixMs(1_000_000));
        let registrar = Registrar::new(
            Catalog::new(store.clone()),
            clock.clone(),
            Entropy::seeded(1),
            Sealer::new(&MasterKey::new([7; 32]), 1, &[]),
            Arc::new(PlainHashing),
        );
        let tenant = serde_json::from_value(serde_json::json!({"id": "acme"})).unwrap();
        Self { registrar, store, clock, tenant }
    }

    pub(crate) async fn api(&self, draft: Value) -> Put<ResourceServer> {
        self.registrar.put_resource_server(&self.tenant, drafted(draft), Mode::Import).await.unwrap()
    }

    pub(crate) async fn client(&self, draft: Value) -> Put<Client> {
        self.registrar.put_client(&self.tenant, drafted(draft), Mode::Import).await.unwrap()
    }

    pub(crate) async fn organization(&self, draft: Value) -> Put<Organization> {
        self.registrar.put_organization(&self.tenant, drafted(draft), Mode::Import).await.unwrap()
    }

    pub(crate) async fn role(&self, draft: Value) -> Put<Role> {
        self.registrar.put_role(&self.tenant, drafted(draft), Mode::Import).await.unwrap()
    }

    pub(crate) async fn user(&self, draft: Value) -> Put<User> {
        self.registrar.put_user(&self.tenant, drafted(draft), Mode::Import).await.unwrap()
    }
}

/// Reads a draft that is right in form.
pub(crate) fn drafted<T: serde::de::DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).unwrap()
}

/// Where a refusal says that something is wrong.
pub(crate) fn paths(refusal: &Refusal) -> Vec<String> {
    refusal.flaws().into_iter().map(|flaw| flaw.path).collect()
}

#[async_trait::async_trait]
impl Hashing for PlainHashing {
    async fn hash(&self, password: Zeroizing<String>) -> Result<String, HashingError> {
        Ok(format!("$argon2id${}", password.len()) + "$" + &password.chars().rev().collect::<String>())
    }

    async fn verify(&self, password: Zeroizing<String>, hash: String) -> Result<bool, HashingError> {
        Ok(self.hash(password).await? == hash)
    }

    async fn score(&self, password: Zeroizing<String>, _: Vec<String>) -> Result<u8, HashingError> {
        Ok(if password.contains("easy") { 0 } else { 4 })
    }

    async fn has_leaked(&self, password: Zeroizing<String>) -> bool {
        password.contains("leaked")
    }

    fn objection(&self, hash: &str) -> Option<Objection> {
        let good = ["$argon2id$", "$2b$", "{"].iter().any(|prefix| hash.starts_with(prefix));
        (!good).then(|| Objection { path: "hash.value", expected: "expected a hash".to_owned() })
    }
}
