//! The `attacks` section: how long guesses are held against somebody, and how much of it a node remembers itself.

use serde::{Deserialize, Serialize};

/// What a tenant's attack protection does not say itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Attacks {
    /// How long wrong passwords are remembered after the last one, in seconds.
    pub count_secs: u64,
    /// How long an account stays blocked, in seconds.
    pub block_secs: u64,
    /// How long this node refuses without asking the store again, in milliseconds.
    pub remember_ms: u64,
    /// How many refusals this node remembers.
    pub remembered: u64,
    /// How many messages one mail address may be sent at once.
    pub mails_max: u32,
    /// How long one more message to the same address takes, in seconds.
    pub mail_interval_secs: u64,
    /// How many codes may be tried for one that was sent.
    pub otp_attempts: u32,
}

impl Default for Attacks {
    fn default() -> Self {
        Self {
            count_secs: 86_400,
            block_secs: 2_592_000,
            remember_ms: 2_000,
            remembered: 100_000,
            mails_max: 10,
            mail_interval_secs: 360,
            otp_attempts: 3,
        }
    }
}
