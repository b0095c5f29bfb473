//! Opens the configured store.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{Config, StoreKind};
use crate::store::cluster::Cluster;
use crate::store::embedded::Embedded;
use crate::store::metered::Metered;
use crate::store::{SharedStore, StoreError};
use crate::telemetry::metrics::Metrics;

/// The configured store, open and counted in `metrics`.
///
/// # Errors
/// [`StoreError`] when it does not open or answer.
pub async fn open(config: &Config, clock: &Clock, metrics: &Arc<Metrics>) -> Result<SharedStore, StoreError> {
    let store: SharedStore = match config.store {
        StoreKind::Cluster => {
            let cluster = Cluster::connect(&config.cluster, clock.clone()).await?;
            cluster.count_in(metrics);
            cluster
        }
        StoreKind::Embedded => Embedded::open(&config.embedded, clock.clone())?,
    };
    Ok(Metered::over(store, Arc::clone(metrics)))
}
