//! The `keys` section: how long signing keys live.

use serde::{Deserialize, Serialize};

/// The life of a signing key: published, then signing, then published only, then gone. Seconds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// How long a key signs.
    pub rotation_secs: u64,
    /// How long a key is published before it signs; at least the `max-age` of the JWKS answer.
    pub publish_lead_secs: u64,
    /// How long a key stays published after it signed; at least the longest lifetime of a token.
    pub retire_secs: u64,
    /// How often each node looks whether a key is due.
    pub check_secs: u64,
}

impl Default for Keys {
    fn default() -> Self {
        Self { rotation_secs: 7_776_000, publish_lead_secs: 86_400, retire_secs: 2_592_000, check_secs: 60 }
    }
}
