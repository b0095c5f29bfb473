//! Memberships: a cache that every refresh with an organization asks, and an actor that loads what it lacks.
//!
//! The actor alone fills the cache, so that "loaded" and "changed" have an order.

use std::sync::Arc;

use moka::sync::Cache;
use tokio::sync::{Semaphore, oneshot};

use self::loader::{Answer, Loader, LoaderArguments, LoaderMsg, Wanted};
use super::post::{Position, Post, Staffed};
use crate::config::cache::Cache as Settings;
use crate::model::membership::Membership;
use crate::protocol::ids::{OrganizationId, TenantId, UserId};
use crate::store::cached::key::{Key, Name};
use crate::store::cached::shelf::{Entry, bounded};
use crate::store::{SharedStore, StoreError};
use crate::telemetry::labels::{ActorName, CacheName};
use crate::telemetry::metrics::Metrics;

mod loader;

/// Who belongs where; cheap to clone.
#[derive(Clone)]
pub struct Memberships {
    inner: Arc<Inner>,
}

struct Inner {
    cache: Cache<Key, Entry<Membership>>,
    post: Arc<Post<LoaderMsg>>,
    store: SharedStore,
    /// Mailboxes are unbounded: a permit is taken before sending and travels with the message.
    permits: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

impl Memberships {
    /// An empty cache and the position that its loader fills.
    pub(crate) fn new(
        store: &SharedStore,
        settings: &Settings,
        metrics: Arc<Metrics>,
    ) -> (Self, Arc<dyn Position>) {
        let cache = bounded(settings.memberships, settings);
        let post = Post::empty();
        let arguments = LoaderArguments { store: Arc::clone(store), cache: cache.clone() };
        let position = Arc::new(Staffed::new(ActorName::Memberships, Arc::clone(&post), Loader, arguments));
        let permits = Arc::new(Semaphore::new(settings.membership_loads.max(1)));
        let inner = Inner { cache, post, store: Arc::clone(store), permits, metrics };
        (Self { inner: Arc::new(inner) }, position)
    }

    /// The membership of `user` in `organization`; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`], on a miss only.
    pub async fn find(
        &self,
        tenant: &TenantId,
        user: &UserId,
        organization: &OrganizationId,
    ) -> Result<Option<Arc<Membership>>, StoreError> {
        let name = Name::pair(tenant, user.as_str(), organization.as_str());
        let hit = self.inner.cache.get(&name);
        self.inner.metrics.cache_lookup(CacheName::Membership, hit.is_some());
        if let Some(entry) = hit {
            return Ok(entry);
        }
        let wanted =
            Wanted { tenant: tenant.clone(), user: user.clone(), organization: organization.clone() };
        match self.ask(&wanted).await {
            Some(answer) => answer,
            // The loader died; its successor starts with an empty cache, and this caller need not wait.
            None => wanted.load(&self.inner.store).await,
        }
    }

    /// Forgets one membership: it was written or removed.
    pub fn forget(&self, tenant: &TenantId, user: &UserId, organization: &OrganizationId) {
        let name = Name::pair(tenant, user.as_str(), organization.as_str());
        self.inner.cache.invalidate(&name);
        // Again in the loader's order, for a load under way. A dead loader has none.
        let _ = self.inner.post.send(LoaderMsg::Forget(name.to_key()));
    }

    /// Forgets everything: word of a change may have been missed.
    pub fn forget_all(&self) {
        self.inner.cache.invalidate_all();
        let _ = self.inner.post.send(LoaderMsg::ForgetAll);
    }

    async fn ask(&self, wanted: &Wanted) -> Option<Answer> {
        let permit = Arc::clone(&self.inner.permits).acquire_owned().await.ok()?;
        let (reply, answer) = oneshot::channel();
        self.inner.post.send(LoaderMsg::Load { wanted: wanted.clone(), reply, permit }).ok()?;
        answer.await.ok()
    }
}

#[cfg(test)]
mod tests;
