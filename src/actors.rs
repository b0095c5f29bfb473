//! Supervised actors: order, coalesce, bound and cache; the store decides.
//!
//! ```text
//!  root ─┬─ shard … shard   rotations: in order per session, identical ones share a verb
//!        ├─ passwords       a gate before hashing
//!        ├─ memberships     loads what the cache lacks
//!        ├─ keyring         publishes keys, follows their schedule
//!        ├─ changes         tails the feed, tells all of the above
//!        ├─ deliveries      carries what must reach somebody outside, again and again
//!        └─ audit           writes log events in batches
//! ```
//! Nobody holds a reference to an actor: a restart would make it dead. Mailboxes have no bound of their own,
//! so whoever sends holds a permit that travels with the message. No actor waits for the store.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;

use crate::clock::{Clock, Entropy};
use crate::config;
use crate::signing::sealing::Sealer;
use crate::store::SharedStore;
use crate::store::cached::Cached;
use crate::telemetry::labels::ActorName;
use crate::telemetry::metrics::Metrics;

pub mod audit;
pub mod changes;
mod chore;
mod dead;
pub mod deliveries;
pub mod keyring;
mod lane;
pub mod memberships;
pub mod passwords;
mod post;
mod restarts;
pub mod ring;
mod root;
mod shard;

pub use audit::Audit;
pub use changes::{Changes, News};
pub use deliveries::Deliveries;
pub use keyring::{Keyring, KeyringError};
pub use memberships::Memberships;
pub use passwords::{HashError, Passwords, Verdict};
pub use ring::{Ring, RingError};

use post::Position;
use restarts::Budget;
use root::{Health, Plan, RootMsg};

/// How long actors may take to finish when the process ends.
const PATIENCE: Duration = Duration::from_secs(5);

/// Everything that lives beside the requests of this node.
pub struct Actors {
    /// Log events.
    pub audit: Audit,
    /// Documents of the token path.
    pub cached: Arc<Cached>,
    /// The change feed.
    pub changes: Changes,
    /// What must reach somebody outside.
    pub deliveries: Deliveries,
    /// Signing keys.
    pub keyring: Keyring,
    /// Who belongs to which organization.
    pub memberships: Memberships,
    /// Password hashes.
    pub passwords: Passwords,
    /// Rotations.
    pub ring: Ring,
    positions: Vec<Arc<dyn Position>>,
    health: Arc<Health>,
    root: ActorRef<RootMsg>,
}

/// What the actors stand on.
#[derive(Clone)]
pub struct Deps {
    /// The store.
    pub store: SharedStore,
    /// Opens and seals private keys.
    pub sealer: Sealer,
    /// The time.
    pub clock: Clock,
    /// The dice.
    pub entropy: Entropy,
    /// Where things are counted.
    pub metrics: Arc<Metrics>,
    /// How large, how long, how many.
    pub settings: Settings,
}

/// The sections of the configuration that are about actors.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Log events.
    pub audit: config::audit::Audit,
    /// Caches.
    pub cache: config::cache::Cache,
    /// What must reach somebody outside.
    pub deliveries: config::deliveries::Deliveries,
    /// Signing keys.
    pub keys: config::keys::Keys,
    /// Password hashes.
    pub passwords: config::passwords::Passwords,
    /// The ring.
    pub ring: config::ring::Ring,
}

/// Why the actors did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The `passwords` section names no parameters of argon2, or there is no randomness.
    #[error("password hashing cannot be set up: {0}")]
    Passwords(#[from] HashError),
    /// An actor would not start.
    #[error("an actor would not start: {0}")]
    Spawn(String),
}

impl Actors {
    /// Starts everything. The store need not answer yet.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(deps: Deps) -> Result<Self, StartError> {
        Self::start_with(deps, Budget::new(root::RESTARTS, root::WITHIN)).await
    }

    /// Whether everything lives and is meant to.
    pub fn healthy(&self) -> bool {
        self.health.is_well()
    }

    /// Resolves when actors died too often: the process must end.
    pub async fn failed(&self) {
        self.health.failed().await;
    }

    /// Writes what is still to be written and ends every actor; for when no requests come any more.
    pub async fn stop(&self) {
        self.health.stop();
        for position in &self.positions {
            position.retire(PATIENCE).await;
        }
        let stopped = self.root.stop_and_wait(None, Some(PATIENCE)).await;
        tracing::debug!(?stopped, "the actors have ended");
    }

    /// Kills the present incarnations of `actor` and says how many there were; for tests of what then happens.
    #[doc(hidden)]
    pub fn kill(&self, actor: ActorName) -> usize {
        let named = self.positions.iter().filter(|position| position.name() == actor);
        named.filter(|position| position.kill()).count()
    }

    async fn start_with(deps: Deps, budget: Budget) -> Result<Self, StartError> {
        let Deps { store, metrics, settings, .. } = &deps;
        let counted = || Arc::clone(metrics);
        let cached = Arc::new(Cached::new(Arc::clone(store), &settings.cache, counted()));
        let (ring, mut positions) = Ring::new(store, &settings.ring, counted());
        let (passwords, gate) = Passwords::new(&settings.passwords, deps.entropy.clone(), counted())?;
        let (memberships, loader) = Memberships::new(store, &settings.cache, counted());
        let (keyring, keeper) = Keyring::new(keyring::Tools {
            catalog: cached.catalog().clone(),
            sealer: deps.sealer.clone(),
            clock: deps.clock.clone(),
            entropy: deps.entropy.clone(),
            settings: settings.keys.clone(),
        });
        let (documents, keys) = (Arc::clone(&cached), keyring.clone());
        let others = (memberships.clone(), ring.clone());
        let (changes, tail) = Changes::new(store, (documents, keys), others, counted());
        let (audit, clerk) = Audit::new(store, &settings.audit, counted());
        let (deliveries, carrier) = Deliveries::new(&settings.deliveries, counted());
        // The carrier ends first: it may still need keys, and has something to say to the log.
        positions.extend([carrier, gate, loader, keeper, tail, clerk]);
        let health = Health::new();
        let plan =
            Plan { positions: positions.clone(), budget, health: Arc::clone(&health), metrics: counted() };
        let root = root::raise(plan).await.map_err(|error| StartError::Spawn(error.to_string()))?;
        Ok(Self {
            audit,
            cached,
            changes,
            deliveries,
            keyring,
            memberships,
            passwords,
            ring,
            positions,
            health,
            root,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
