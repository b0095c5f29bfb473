//! The `cluster` section: where the Redis Cluster is, and how patient to be with it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A Redis Cluster as the store.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cluster {
    /// Some of the nodes, as `host:port`; the others are found through them.
    pub nodes: Vec<String>,
    /// The Redis user (ACL), when it is not the default one.
    #[serde(with = "super::optional")]
    pub username: Option<String>,
    /// A file that holds the password, when there is one.
    #[serde(with = "super::optional")]
    pub password_file: Option<PathBuf>,
    /// Whether to speak TLS, trusting the system's roots (or those in the file that `SSL_CERT_FILE` names).
    pub tls: bool,
    /// Put before every key, for a cluster shared with something else, without `{` and `}`; every byte costs memory per session.
    pub key_prefix: String,
    /// Connections per node for rotations and other single-use verbs; one carries most (loadtests/README.md).
    pub hot_connections: usize,
    /// Connections per node for reads.
    pub reading_connections: usize,
    /// Connections per node for careful writes, each of which waits for a replica.
    pub careful_connections: usize,
    /// How long a command may take before its outcome is called unknown, in milliseconds.
    pub command_timeout_ms: u64,
    /// How long connecting to a node may take, in milliseconds.
    pub connect_timeout_ms: u64,
    /// How long a node may leave a command unanswered before its connection is given up, in milliseconds.
    pub unresponsive_ms: u64,
    /// How many commands may wait per connection pool member before new ones are refused.
    pub queued_commands: usize,
    /// How many verbs for slots of one primary go in one call at most; 1 sends each by itself, which a proxy that tells
    /// slots by the keys of a command needs.
    pub together_max: usize,
    /// How many replicas must have a careful write before it is acknowledged; 0 waits for none.
    pub wait_replicas: u32,
    /// How long a careful write waits for its replicas, in milliseconds.
    pub wait_timeout_ms: u64,
    /// Whether a careful write that no replica confirmed in time is answered as failed, instead of being counted
    /// and logged only. The write stands on the primary in either case.
    pub refuse_unreplicated: bool,
    /// How many changes the feed keeps, about. A node that falls further behind drops its caches.
    pub feed_length: u64,
    /// How far back revocations are applied again after a failover, in seconds.
    pub revocation_horizon_secs: u64,
    /// How many log events are kept per tenant, about.
    pub log_length: u64,
    /// How long log events are kept, in seconds, about.
    pub log_retention_secs: u64,
    /// For how many days a tenant's daily counts are kept.
    pub stats_days: u32,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            username: None,
            password_file: None,
            tls: false,
            key_prefix: String::new(),
            hot_connections: 1,
            reading_connections: 2,
            careful_connections: 2,
            command_timeout_ms: 500,
            connect_timeout_ms: 3000,
            unresponsive_ms: 3000,
            queued_commands: 10_000,
            together_max: 32,
            wait_replicas: 1,
            wait_timeout_ms: 100,
            refuse_unreplicated: false,
            feed_length: 100_000,
            revocation_horizon_secs: 3600,
            log_length: 100_000,
            log_retention_secs: 30 * 24 * 3600,
            stats_days: 400,
        }
    }
}
