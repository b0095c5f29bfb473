//! The `audit` section: how log events travel to the store.

use serde::{Deserialize, Serialize};

/// The buffer between those who record log events and the store.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// Events that wait for the store; over it, events are dropped and counted.
    pub buffer: usize,
    /// Events written at once.
    pub batch: usize,
    /// How long an event waits for others to be written with, in milliseconds.
    pub flush_ms: u64,
    /// Whether every successful token request is logged too, not only failures and logins; costs a write each.
    pub token_successes: bool,
}

impl Default for Audit {
    fn default() -> Self {
        Self { buffer: 16_384, batch: 256, flush_ms: 200, token_successes: false }
    }
}
