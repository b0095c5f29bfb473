//! The `deliveries` section: how what must reach somebody outside is tried again.

use serde::{Deserialize, Serialize};

/// Back-channel logout and messages on their way.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deliveries {
    /// Parcels that wait or are on their way; over it, new ones are given up at once.
    pub queue: usize,
    /// Attempts under way at once.
    pub concurrency: usize,
    /// Attempts before a parcel is given up.
    pub attempts: u32,
    /// The pause after the first failed attempt, in milliseconds; each later one is twice as long.
    pub first_pause_ms: u64,
    /// The longest pause between two attempts, in milliseconds.
    pub longest_pause_ms: u64,
    /// How long one attempt may take, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self {
            queue: 10_000,
            concurrency: 32,
            attempts: 12,
            first_pause_ms: 1_000,
            longest_pause_ms: 600_000,
            timeout_ms: 10_000,
        }
    }
}
