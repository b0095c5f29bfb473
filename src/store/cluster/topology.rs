//! Whether the cluster is still the one that was: a number that changes with every failover that is noticed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fred::interfaces::EventInterface as _;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

use super::connections::Connections;

/// Counts reconnections and changes of the cluster.
#[derive(Debug)]
pub(super) struct Topology {
    epoch: Arc<AtomicU64>,
    watches: Vec<JoinHandle<()>>,
}

impl Topology {
    /// Watches every connection that would notice.
    pub(super) fn watch(connections: &Connections) -> Self {
        let epoch = Arc::new(AtomicU64::new(0));
        let pools = [&connections.hot, &connections.reading, &connections.careful];
        let clients = pools.into_iter().flat_map(|pool| pool.clients()).chain([&connections.feed_events]);
        let watches = clients
            .map(|client| {
                let (epoch, mut changes, mut connects) =
                    (Arc::clone(&epoch), client.cluster_change_rx(), client.reconnect_rx());
                tokio::spawn(async move {
                    loop {
                        let heard = tokio::select! {
                            change = changes.recv() => change.map(|_change| ()),
                            connect = connects.recv() => connect.map(|_server| ()),
                        };
                        // Having missed some is having heard of them.
                        if heard == Err(RecvError::Closed) {
                            return;
                        }
                        epoch.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        Self { epoch, watches }
    }

    /// Changes whenever the topology does.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// Watches no longer.
    pub(super) fn stop(&self) {
        for watch in &self.watches {
            watch.abort();
        }
    }
}

impl Drop for Topology {
    fn drop(&mut self) {
        self.stop();
    }
}
