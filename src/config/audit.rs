//! The `audit` section: how log events travel to the store.

use serde::Deserialize;

/// The buffer between those who record log events and the store.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// Events that wait for the store; over it, events are dropped and counted.
    pub buffer: usize,
    /// Events written at once.
    pub batch: usize,
    /// How long an event waits for others to be written with, in milliseconds.
    pub flush_ms: u64,
}

impl Default for Audit {
    fn default() -> Self {
        Self { buffer: 16_384, batch: 256, flush_ms: 200 }
    }
}
