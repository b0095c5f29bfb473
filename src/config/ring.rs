//! The `ring` section: how refreshes are ordered, coalesced and bounded on this node.

use serde::{Deserialize, Serialize};

/// The ring of shards through which every rotation goes.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ring {
    /// Shards; each is one actor that keeps the sessions hashed to it in order.
    pub shards: usize,
    /// Rotations that one shard has under way or waiting; over it, callers are told to come back (503).
    pub in_flight: usize,
    /// Rotations that wait behind a running one of the same session; over it, callers are told to come back.
    pub session_queue: usize,
    /// How long a dead family is answered without asking the store, in milliseconds.
    pub dead_ttl_ms: u64,
    /// Sessions with dead families that are remembered.
    pub dead_entries: u64,
}

impl Default for Ring {
    fn default() -> Self {
        Self { shards: 16, in_flight: 2048, session_queue: 64, dead_ttl_ms: 5_000, dead_entries: 50_000 }
    }
}
