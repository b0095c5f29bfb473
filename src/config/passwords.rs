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
    /// How far hashing steps back when a core is wanted for something else, 0 to 19 (`nice`, Linux): a login takes as long
    /// as a thousand tokens, and those hardly wait for it. At 20 it gets only what time is left over: tokens do not wait at
    /// all, and where all cores are busy with them nobody logs in.
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
