//! The `cache` section: what each node remembers of the store, and for how long at most.

use serde::{Deserialize, Serialize};

/// The caches in front of the store; the change feed empties them sooner (design §7).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cache {
    /// How long a thing found is remembered, in milliseconds: the bound on staleness when the feed is down.
    pub ttl_ms: u64,
    /// How long it is remembered that there is no such thing, in milliseconds.
    pub absent_ttl_ms: u64,
    /// Entries per kind of thing.
    pub entries: u64,
    /// Access tokens whose signature held, so that it is not checked again; about a kilobyte each.
    pub access_tokens: u64,
    /// Membership entries; there is one per user and organization in use.
    pub memberships: u64,
    /// Loads of memberships under way at once; others wait.
    pub membership_loads: usize,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            ttl_ms: 30_000,
            absent_ttl_ms: 5_000,
            entries: 50_000,
            access_tokens: 10_000,
            memberships: 200_000,
            membership_loads: 1_024,
        }
    }
}
