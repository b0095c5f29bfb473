//! The store on Redis Cluster: atomic verbs as Redis functions, one slot per aggregate.
//!
//! *Rotation* writes are one command each and may be lost by a failover; the rule of
//! [`crate::model::family::Family::rotate`] heals that. *Careful* writes are acknowledged after a replica has them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use fred::types::Value;

use crate::clock::Clock;
use crate::config;
use crate::store::{Health, StoreError};
use crate::telemetry::metrics::Metrics;
use ask::Ask;
use connections::Connections;
use convoys::Convoys;
use gatherings::Gatherings;
use keyspace::Keyspace;
use rounds::Rounds;
use topology::Topology;

mod ask;
mod audit_log;
mod calls;
mod change_feed;
mod connections;
mod convoys;
mod counters;
mod families;
mod functions;
mod gatherings;
mod identifiers;
mod index;
mod jobs;
mod keyspace;
mod memberships;
mod packed;
mod packing;
mod records;
mod refusal;
mod rounds;
mod routes;
mod sessions;
mod spends;
mod statistics;
mod terms;
mod topology;

/// A Redis Cluster, connected.
#[derive(Debug)]
pub struct Cluster {
    clock: Clock,
    closed: AtomicBool,
    connections: Connections,
    convoys: Convoys,
    gatherings: Gatherings,
    keys: Keyspace,
    /// How the function library is loaded, so that one failover loads it once.
    loading: Rounds,
    /// Where careful writes that lack a replica are counted too, once somebody asked for it.
    metrics: OnceLock<Arc<Metrics>>,
    /// What configuration says, for the limits that are asked of every call.
    settings: config::cluster::Cluster,
    topology: Topology,
    unreplicated: AtomicU64,
}

impl Cluster {
    /// Connects to the cluster that `settings` name and loads the function library on every primary.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no node answers, or one refuses the library or the credentials.
    pub async fn connect(settings: &config::cluster::Cluster, clock: Clock) -> Result<Arc<Self>, StoreError> {
        let connections = Connections::open(settings).await?;
        let topology = Topology::watch(&connections, settings);
        let cluster = Self {
            clock,
            closed: AtomicBool::new(false),
            convoys: Convoys::new(&connections.careful, settings),
            gatherings: Gatherings::new(&connections.hot, settings.together_max),
            connections,
            keys: Keyspace::new(&settings.key_prefix),
            loading: Rounds::default(),
            metrics: OnceLock::new(),
            settings: settings.clone(),
            topology,
            unreplicated: AtomicU64::new(0),
        };
        cluster.load_functions().await?;
        Ok(Arc::new(cluster))
    }

    /// Counts in `metrics` from now on; the first call stands.
    pub fn count_in(&self, metrics: &Arc<Metrics>) {
        // A second call finds the cell filled, as documented.
        let _first = self.metrics.set(Arc::clone(metrics));
    }

    /// How many careful writes were acknowledged by the primary but by too few replicas in time.
    pub fn unreplicated(&self) -> u64 {
        self.unreplicated.load(Ordering::Relaxed)
    }
}

#[async_trait::async_trait]
impl Health for Cluster {
    async fn ping(&self) -> Result<(), StoreError> {
        self.read(Ask::plain("EXISTS", self.keys.feed())).await.map(|_answer: Value| ())
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.topology.stop();
        self.connections.close().await;
    }
}
