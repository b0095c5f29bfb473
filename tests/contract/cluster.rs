//! The Redis Cluster as a backend of the suite; the cluster is shared, the names are not.

use std::sync::Arc;

use jeton::clock::Clock;
use jeton::config;
use jeton::store::cluster::Cluster;

use crate::world::World;

/// A connection to the cluster under test.
pub(crate) async fn world() -> World {
    World::new(connect(settings()).await, ())
}

/// The store as `settings` say.
pub(crate) async fn connect(settings: config::cluster::Cluster) -> Arc<Cluster> {
    Cluster::connect(&settings, Clock::System).await.expect("the cluster of JETON_TEST_CLUSTER answers")
}

/// Settings for the cluster that `JETON_TEST_CLUSTER` names.
pub(crate) fn settings() -> config::cluster::Cluster {
    let nodes = std::env::var("JETON_TEST_CLUSTER").unwrap_or_default();
    assert!(
        !nodes.is_empty(),
        "JETON_TEST_CLUSTER names no node: run tests/run, which starts a cluster (or tests/redis-cluster start)"
    );
    let nodes = nodes.split(',').map(str::to_owned).collect();
    // Patient: a machine that builds and tests at once is slow, and slowness is not what is tested here.
    config::cluster::Cluster { nodes, command_timeout_ms: 5000, wait_timeout_ms: 2000, ..Default::default() }
}
