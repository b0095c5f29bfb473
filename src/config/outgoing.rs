//! The `outgoing` section: where requests of this server's own may go.

use serde::{Deserialize, Serialize};

use super::listeners::Network;

/// Requests to addresses that tenants registered, such as those of back-channel logout.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outgoing {
    /// Networks that are not public and may be reached all the same.
    pub private_networks: Vec<Network>,
    /// Whether applications on this machine may be reached over plain HTTP, for development.
    pub loopback_http: bool,
}
