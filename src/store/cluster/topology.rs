//! Whether the cluster is still the one that was: a number that changes with every failover that is noticed.
//!
//! A node that dies without closing its connections is noticed by nobody but us: the vendor calls a connection
//! unresponsive by its *last* write, which under load is always recent. So a late answer makes every client look
//! at the cluster again, and drop the connections to nodes that have been replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use fred::clients::Client;
use fred::interfaces::EventInterface as _;
use futures_util::future::join_all;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

use super::connections::{Connections, Lookout, patience};
use crate::config::cluster::Cluster as Settings;

/// Between one look at the cluster and the next.
const PAUSE: Duration = Duration::from_millis(500);

/// Counts reconnections and changes of the cluster.
#[derive(Debug)]
pub(super) struct Topology {
    lookouts: Vec<Lookout>,
    epoch: Arc<AtomicU64>,
    looking: Arc<AtomicBool>,
    patience: Duration,
    watches: Vec<JoinHandle<()>>,
}

impl Topology {
    /// Watches every connection that would notice.
    pub(super) fn watch(connections: &Connections, settings: &Settings) -> Self {
        let epoch = Arc::new(AtomicU64::new(0));
        let lookouts = connections.clients().map(Lookout::of).collect();
        let watches = connections
            .clients()
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
        Self { lookouts, epoch, looking: Arc::default(), patience: patience(settings), watches }
    }

    /// Looks at the cluster again, unless that was done a moment ago.
    pub(super) fn look_again(&self) {
        if self.looking.swap(true, Ordering::AcqRel) {
            return;
        }
        let (lookouts, looking, patience) = (self.lookouts.clone(), Arc::clone(&self.looking), self.patience);
        tokio::spawn(async move {
            join_all(lookouts.iter().map(|lookout| lookout.look(patience))).await;
            tokio::time::sleep(PAUSE).await;
            looking.store(false, Ordering::Release);
        });
    }

    /// Has one client look at the cluster again.
    pub(super) async fn look(&self, client: &Client) {
        if let Some(lookout) = self.lookouts.iter().find(|lookout| lookout.is_of(client)) {
            lookout.look(self.patience).await;
        }
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
