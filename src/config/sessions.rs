//! The `sessions` section: what is written of a session while it is used.

use serde::{Deserialize, Serialize};

/// Logins of people.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sessions {
    /// How old the note of a session's last use may be before a new use is noted, in seconds.
    pub touch_secs: u64,
    /// About how many refresh-token families one session may have; the one that was refreshed longest ago makes room for
    /// a new one.
    pub families_max: u16,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { touch_secs: 300, families_max: 200 }
    }
}
