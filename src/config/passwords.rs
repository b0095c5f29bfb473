//! The `passwords` section: what hashing a password costs, and how much of it may go on at once.

use serde::{Deserialize, Serialize};

/// Password hashing: argon2id for new hashes; others are verified only.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Passwords {
    /// Memory of one hash in KiB; OWASP's floor is 19456.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes; they are computed one after another.
    pub parallelism: u32,
    /// Hashes computed at the same time; 0 is one per core.
    pub threads: usize,
    /// How long a hash may try to get by with time that nothing else wants (`SCHED_IDLE`, Linux), in milliseconds: a login
    /// takes as long as a thousand tokens, and those then do not wait for it. A hash that is not done by then is computed by
    /// a thread that gets its share, in memory of its own, and so are all others until the first is done. 0: none tries.
    pub spare_ms: u64,
    /// How far threads that get a share step back when a core is wanted for something else, 0 to 19 (`nice`, Linux).
    pub niceness: u8,
    /// Hashes that wait for a thread; over it, callers are told to come back (503 with `Retry-After`).
    pub queue: usize,
    /// Hashes of one tenant that are computed or wait; over it, its callers are told to come back. Tenants take turns.
    pub tenant_queue: usize,
    /// How long a hash may wait for a thread, in milliseconds.
    pub deadline_ms: u64,
    /// The greatest bcrypt cost that is verified; each step doubles the time.
    pub bcrypt_cost_max: u32,
    /// The greatest memory of an imported argon2 or scrypt hash that is verified, in KiB; lanes of scrypt count too.
    pub memory_kib_max: u32,
    /// The most passes of an imported argon2 hash that is verified.
    pub iterations_max: u32,
    /// The most iterations of an imported pbkdf2 hash that is verified, times the blocks of its output.
    pub pbkdf2_iterations_max: u32,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            threads: 0,
            spare_ms: 500,
            niceness: 10,
            queue: 64,
            tenant_queue: 48,
            deadline_ms: 2_000,
            bcrypt_cost_max: 14,
            memory_kib_max: 262_144,
            iterations_max: 16,
            pbkdf2_iterations_max: 1_500_000,
        }
    }
}
