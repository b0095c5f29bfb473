//! The `sessions` section: what is written of a session while it is used.

use serde::{Deserialize, Serialize};

/// Logins of people.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sessions {
    /// How old the note of a session's last use may be before a new use is noted, in seconds.
    pub touch_secs: u64,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { touch_secs: 300 }
    }
}
