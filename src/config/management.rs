//! The `management` section: how much of the management API one client may use.

use serde::{Deserialize, Serialize};

/// Bounds on the callers of `/api/v2`, each on every node by itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Management {
    /// Requests per second that one client may make for good; one more is answered 429.
    pub requests_per_second: u32,
    /// Requests that one client may make at once before the rate above holds.
    pub requests_burst: u32,
    /// Clients whose recent use is remembered.
    pub clients_remembered: u64,
}

impl Default for Management {
    fn default() -> Self {
        Self { requests_per_second: 100, requests_burst: 1_000, clients_remembered: 10_000 }
    }
}
