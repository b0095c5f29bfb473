//! The locksmith: makes, promotes, retires and removes keys in the store, one version at a time.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use super::KeyringError;
use super::plan::{self, Step};
use crate::clock::{Clock, Entropy};
use crate::config::keys::Keys as Settings;
use crate::model::signing_key::{Algorithm, KeyState, SigningKeyRecord};
use crate::protocol::ids::TenantId;
use crate::signing::keyset::KeySet;
use crate::signing::material;
use crate::signing::sealing::Sealer;
use crate::store::catalog::{Catalog, Saved, Versioned};
use crate::store::identifiers::Claim;
use crate::store::records::Expect;

/// How long a node may take to make a key before another tries, in milliseconds.
const HOLD_MS: u64 = 10_000;
/// How often a node looks whether the other one is done.
const POLL: Duration = Duration::from_millis(100);

/// What a node claims before it makes a tenant's first key of an algorithm.
const FIRST: &str = "first-key";
/// What a node claims before it publishes a tenant's next key of an algorithm.
const NEXT: &str = "next-key";

/// What the locksmith works with.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) catalog: Catalog,
    pub(crate) sealer: Sealer,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) settings: Settings,
}

/// Everything that is done to keys; knows no actor.
pub(crate) struct Locksmith {
    tools: Tools,
    /// This node, to the others.
    node: String,
}

impl Locksmith {
    pub(crate) fn new(tools: Tools) -> Self {
        let mut node = String::from("node-");
        // Without randomness, nodes share a name and may make a key each: that is harmless.
        for byte in tools.entropy.bytes::<8>().unwrap_or_default() {
            let _ = write!(node, "{byte:02x}");
        }
        Self { tools, node }
    }

    /// How often to look at the schedule.
    pub(crate) fn interval(&self) -> Duration {
        Duration::from_secs(self.tools.settings.check_secs.max(1))
    }

    /// The keys as the store has them.
    pub(crate) async fn load(&self, tenant: &TenantId) -> Result<Arc<KeySet>, KeyringError> {
        let records = self.tools.catalog.all::<SigningKeyRecord>(tenant).await?;
        Ok(Arc::new(KeySet::new(&records, &self.tools.sealer)?))
    }

    /// Makes the first key of `algorithm`, unless another node does.
    pub(crate) async fn make_first(
        &self,
        tenant: &TenantId,
        algorithm: Algorithm,
    ) -> Result<(), KeyringError> {
        for _ in 0..HOLD_MS / 100 {
            if self.claim(tenant, FIRST, algorithm).await? {
                break;
            }
            tokio::time::sleep(POLL).await;
            if self.load(tenant).await?.signer(algorithm).is_some() {
                return Ok(());
            }
        }
        let keys = self.records(tenant).await?;
        if !keys.iter().any(|key| key.algorithm == algorithm && is_active(key)) {
            let since = plan::since(&keys, algorithm, self.tools.clock.now());
            self.make(tenant, algorithm, KeyState::Active { since }).await?;
        }
        self.release(tenant, FIRST, algorithm).await
    }

    /// Does what is due; whether it did anything.
    pub(crate) async fn follow_schedule(&self, tenant: &TenantId) -> Result<bool, KeyringError> {
        let keys = self.records(tenant).await?;
        let steps = plan::due(&keys, &self.tools.settings, self.tools.clock.now());
        self.perform(tenant, &steps).await?;
        Ok(!steps.is_empty())
    }

    /// Replaces the signer of `algorithm`, or of all that are in use.
    pub(crate) async fn rotate(
        &self,
        tenant: &TenantId,
        algorithm: Option<Algorithm>,
    ) -> Result<(), KeyringError> {
        let keys = self.records(tenant).await?;
        let in_use = |wanted: &Algorithm| keys.iter().any(|key| key.algorithm == *wanted && is_active(key));
        let wanted: Vec<Algorithm> = match algorithm {
            Some(algorithm) => vec![algorithm],
            None => Algorithm::ALL.into_iter().filter(in_use).collect(),
        };
        for algorithm in wanted {
            self.replace(tenant, algorithm).await?;
        }
        self.follow_schedule(tenant).await.map(drop)
    }

    /// Removes a key, after another has taken its place; `false` when there is none.
    pub(crate) async fn revoke(&self, tenant: &TenantId, kid: &str) -> Result<bool, KeyringError> {
        let found = self.tools.catalog.find::<SigningKeyRecord>(tenant, kid).await?;
        let Some(key) = found.map(|found| found.record) else { return Ok(false) };
        if is_active(&key) {
            self.rotate(tenant, Some(key.algorithm)).await?;
        }
        self.remove(tenant, kid).await?;
        Ok(true)
    }

    async fn replace(&self, tenant: &TenantId, algorithm: Algorithm) -> Result<(), KeyringError> {
        let (keys, now) = (self.records(tenant).await?, self.tools.clock.now());
        if let Some(steps) = plan::promote_now(&keys, algorithm, &self.tools.settings, now) {
            return self.perform(tenant, &steps).await;
        }
        let since = plan::since(&keys, algorithm, now);
        self.make(tenant, algorithm, KeyState::Active { since }).await?;
        let keys = self.records(tenant).await?;
        let steps = plan::retire_surplus(&keys, algorithm, &self.tools.settings, now);
        self.perform(tenant, &steps).await
    }

    /// Performs `steps` in order, as far as each still applies: the rest of a plan that another node overtook
    /// is for the next look. A key never retires unless the one that takes its place stands.
    async fn perform(&self, tenant: &TenantId, steps: &[Step]) -> Result<(), KeyringError> {
        for step in steps {
            let applied = match step {
                Step::Announce(algorithm) => self.announce(tenant, *algorithm).await.map(|()| true),
                Step::Become(kid, status) => self.set(tenant, kid.as_str(), *status).await,
                Step::Remove(kid) => self.remove(tenant, kid.as_str()).await.map(|()| true),
            };
            if !applied? {
                break;
            }
        }
        Ok(())
    }

    async fn remove(&self, tenant: &TenantId, kid: &str) -> Result<(), KeyringError> {
        self.tools.catalog.remove::<SigningKeyRecord>(tenant, kid).await?;
        Ok(())
    }

    async fn announce(&self, tenant: &TenantId, algorithm: Algorithm) -> Result<(), KeyringError> {
        if !self.claim(tenant, NEXT, algorithm).await? {
            return Ok(());
        }
        let keys = self.records(tenant).await?;
        let is_next = |key: &SigningKeyRecord| matches!(key.status, KeyState::Next { .. });
        if !keys.iter().any(|key| key.algorithm == algorithm && is_next(key)) {
            let published_at = self.tools.clock.now();
            self.make(tenant, algorithm, KeyState::Next { published_at }).await?;
        }
        self.release(tenant, NEXT, algorithm).await
    }

    /// Gives a key another state; `false` when another node was first.
    async fn set(&self, tenant: &TenantId, kid: &str, status: KeyState) -> Result<bool, KeyringError> {
        let found = self.tools.catalog.find::<SigningKeyRecord>(tenant, kid).await?;
        let Some(Versioned { version, record }) = found else { return Ok(false) };
        if !follows(record.status, status) {
            return Ok(false);
        }
        let record = SigningKeyRecord { status, ..record };
        let saved = self.tools.catalog.save(&record, Expect::Version(version)).await?;
        tracing::info!(%tenant, kid, ?status, ?saved, "a signing key changes its state");
        Ok(matches!(saved, Saved::Saved { .. }))
    }

    pub(crate) async fn make(
        &self,
        tenant: &TenantId,
        algorithm: Algorithm,
        status: KeyState,
    ) -> Result<(), KeyringError> {
        let (tools, owner) = (self.tools.clone(), tenant.clone());
        let made = tokio::task::spawn_blocking(move || {
            material::generate(&owner, algorithm, &tools.entropy, &tools.sealer, status)
        });
        let record = made.await.map_err(|_| KeyringError::Lost)??;
        match self.tools.catalog.save(&record, Expect::Absent).await? {
            Saved::Saved { .. } => Ok(()),
            Saved::Conflict | Saved::NameTaken(_) => Err(KeyringError::Unsettled),
        }
    }

    /// Whether this node may make such a key; a claim of a node that died lapses by itself.
    async fn claim(&self, tenant: &TenantId, what: &str, algorithm: Algorithm) -> Result<bool, KeyringError> {
        let name = format!("{what}:{}", algorithm.name());
        let claim = self.tools.catalog.store().claim(tenant, &name, &self.node, HOLD_MS).await?;
        Ok(claim == Claim::Held)
    }

    async fn release(&self, tenant: &TenantId, what: &str, algorithm: Algorithm) -> Result<(), KeyringError> {
        let name = format!("{what}:{}", algorithm.name());
        self.tools.catalog.store().release(tenant, &name, &self.node).await?;
        Ok(())
    }

    async fn records(&self, tenant: &TenantId) -> Result<Vec<SigningKeyRecord>, KeyringError> {
        Ok(self.tools.catalog.all::<SigningKeyRecord>(tenant).await?)
    }
}

fn is_active(key: &SigningKeyRecord) -> bool {
    matches!(key.status, KeyState::Active { .. })
}

/// States only follow one another; what a plan saw may be over.
fn follows(from: KeyState, to: KeyState) -> bool {
    match from {
        KeyState::Active { .. } => matches!(to, KeyState::Retiring { .. }),
        KeyState::Next { .. } => !matches!(to, KeyState::Next { .. }),
        KeyState::Retiring { .. } => false,
    }
}
