//! The keyring: every tenant's keys as a snapshot that the token path reads without waiting, and the
//! schedule by which keys are published, sign, retire and go. Nodes agree through the store's versions: of two active keys
//! of one algorithm the newest signs, then the one of the smaller kid, on every node.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{Semaphore, oneshot};

use self::keeper::{Keeper, KeeperArguments, KeeperMsg};
use self::locksmith::Locksmith;
use super::post::{Position, Post, Staffed};
use crate::model::signing_key::Algorithm;
use crate::protocol::ids::TenantId;
use crate::signing::keyset::{KeyError, KeySet};
use crate::store::StoreError;
use crate::telemetry::labels::ActorName;

mod keeper;
mod locksmith;
mod plan;

pub(crate) use locksmith::Tools;

/// What is published of each tenant.
pub(crate) type Snapshots = ArcSwap<HashMap<TenantId, Arc<KeySet>>>;

/// The keys of this node's tenants; cheap to clone.
#[derive(Clone)]
pub struct Keyring {
    inner: Arc<Inner>,
}

/// Why there are no keys.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KeyringError {
    /// A key cannot be opened or made.
    #[error("a signing key cannot be used: {0}")]
    Key(String),
    /// Whoever was to answer died.
    #[error("the answer was lost")]
    Lost,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Other nodes kept changing the keys.
    #[error("the keys kept changing")]
    Unsettled,
}

struct Inner {
    snapshots: Arc<Snapshots>,
    post: Arc<Post<KeeperMsg>>,
    locksmith: Arc<Locksmith>,
    /// One maker of keys per node: a crowd that misses a key needs it once.
    making: Semaphore,
}

impl Keyring {
    /// An empty keyring and the position that its keeper fills.
    pub(crate) fn new(tools: Tools) -> (Self, Arc<dyn Position>) {
        let snapshots: Arc<Snapshots> = Arc::default();
        let post = Post::empty();
        let locksmith = Arc::new(Locksmith::new(tools));
        let arguments =
            KeeperArguments { snapshots: Arc::clone(&snapshots), locksmith: Arc::clone(&locksmith) };
        let position = Arc::new(Staffed::new(ActorName::Keyring, Arc::clone(&post), Keeper, arguments));
        let inner = Inner { snapshots, post, locksmith, making: Semaphore::new(1) };
        (Self { inner: Arc::new(inner) }, position)
    }

    /// The keys of `tenant`, unless they were never loaded. Neither waits nor locks.
    pub fn keys(&self, tenant: &TenantId) -> Option<Arc<KeySet>> {
        self.inner.snapshots.load().get(tenant).cloned()
    }

    /// The keys of `tenant` as the store has them now.
    ///
    /// # Errors
    /// [`KeyringError`]; the snapshot stays what it was.
    pub async fn reload(&self, tenant: &TenantId) -> Result<Arc<KeySet>, KeyringError> {
        let (reply, answer) = oneshot::channel();
        let message = KeeperMsg::Reload(tenant.clone(), Some(reply));
        self.inner.post.send(message).map_err(|_| KeyringError::Lost)?;
        answer.await.unwrap_or(Err(KeyringError::Lost))
    }

    /// The keys of `tenant`, one of which signs with `algorithm`; the first one is made if need be.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub async fn ensure(&self, tenant: &TenantId, algorithm: Algorithm) -> Result<Arc<KeySet>, KeyringError> {
        if let Some(keys) = self.keys(tenant).filter(|keys| keys.signer(algorithm).is_some()) {
            return Ok(keys);
        }
        let _turn = self.inner.making.acquire().await.map_err(|_| KeyringError::Lost)?;
        let keys = self.reload(tenant).await?;
        if keys.signer(algorithm).is_some() {
            return Ok(keys);
        }
        self.inner.locksmith.make_first(tenant, algorithm).await?;
        let keys = self.reload(tenant).await?;
        if keys.signer(algorithm).is_some() { Ok(keys) } else { Err(KeyringError::Unsettled) }
    }

    /// Replaces the signing key of `algorithm`, or of all algorithms in use, now: the published next key
    /// signs, the present one retires.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub async fn rotate(
        &self,
        tenant: &TenantId,
        algorithm: Option<Algorithm>,
    ) -> Result<Arc<KeySet>, KeyringError> {
        self.inner.locksmith.rotate(tenant, algorithm).await?;
        self.reload(tenant).await
    }

    /// Takes a key out of use and out of the JWKS at once; what it signed no longer verifies. When it was
    /// signing, another takes its place first. `false` when there is no such key.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub async fn revoke(&self, tenant: &TenantId, kid: &str) -> Result<bool, KeyringError> {
        let known = self.inner.locksmith.revoke(tenant, kid).await?;
        self.reload(tenant).await?;
        Ok(known)
    }

    /// The keys of `tenant` changed; loads them unless nobody here uses them.
    pub(crate) fn reload_soon(&self, tenant: &TenantId) {
        if self.inner.snapshots.load().contains_key(tenant) {
            // A new keeper loads everything that is known when it starts.
            let _ = self.inner.post.send(KeeperMsg::Reload(tenant.clone(), None));
        }
    }

    /// Any keys may have changed.
    pub(crate) fn reload_all(&self) {
        for tenant in self.inner.snapshots.load().keys() {
            let _ = self.inner.post.send(KeeperMsg::Reload(tenant.clone(), None));
        }
    }
}

impl From<KeyError> for KeyringError {
    fn from(error: KeyError) -> Self {
        Self::Key(error.to_string())
    }
}

#[cfg(test)]
mod tests;
