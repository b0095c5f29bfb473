//! Opens the configured store.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
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
        StoreKind::Embedded => {
            make_private(&config.embedded.path)?;
            Embedded::open(&config.embedded, clock.clone())?
        }
    };
    Ok(Metered::over(store, Arc::clone(metrics)))
}

/// Makes the folder of the embedded store, which holds password hashes and log events, for its owner only. One that
/// is there already is left as the operator made it.
fn make_private(folder: &Path) -> Result<(), StoreError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| StoreError::Unavailable(format!("{}: {error}", folder.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_new_folder_is_its_owners_only() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        make_private(&folder).unwrap();
        make_private(&folder).unwrap();
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
