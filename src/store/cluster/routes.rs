//! Who serves a slot, as far as one client knows.

use std::sync::{Arc, Mutex, PoisonError};

use fred::clients::Client;
use fred::interfaces::ClusterInterface as _;
use fred::types::cluster::ClusterRouting;
use fred::types::config::Server;

/// The map of one client; it is asked for again after [`Routes::forget`].
#[derive(Debug, Default)]
pub(super) struct Routes(Mutex<Option<Arc<ClusterRouting>>>);

impl Routes {
    /// The primary of `slot`, if `client` knows any.
    pub(super) fn server_of(&self, client: &Client, slot: u16) -> Option<Server> {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if map.is_none() {
            *map = client.cached_cluster_state().map(Arc::new);
        }
        // The vendor's own search does not expect that nobody serves the lowest slots.
        let ranges = map.as_ref()?.slots();
        let range = ranges.get(ranges.partition_point(|range| range.end < slot))?;
        (range.start <= slot).then(|| range.primary.clone())
    }

    /// Something was not where the map has it.
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
