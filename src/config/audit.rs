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
    /// How many failures that anybody can cause (logins, exchanges, logouts) one address may have written to a tenant's log in
    /// a minute; more are only counted. IPv6 addresses count by their /64. 0 is no bound.
    pub failures_per_minute: u32,
}

impl Default for Audit {
    fn default() -> Self {
        Self { buffer: 16_384, batch: 256, flush_ms: 200, token_successes: false, failures_per_minute: 300 }
    }
}
