//! The `embedded` section: the store inside the process, for one machine.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The embedded store.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Embedded {
    /// The directory that holds the data; made when there is none. Only one process can have it open.
    pub path: PathBuf,
    /// Whether a write is answered only after `fdatasync`. Without it a crash of the machine (not of the
    /// process) may lose the last writes.
    pub fsync: bool,
    /// Rotations of refresh tokens, single uses and counts do not wait for `fdatasync`: so many milliseconds later they are
    /// on disk at the latest. A machine that crashes before may lose them, as when a Redis primary falls; the next refresh
    /// heals its family. With 0 they wait too.
    pub rotations_fsync_ms: u64,
    /// How many writes may wait for the writer; one more is refused at once.
    pub queue_writes: usize,
    /// How many writes may share one commit.
    pub commit_writes: usize,
    /// Microseconds from one commit to the next while several writes share each: under load it is dear to commit for each
    /// by itself. Whoever comes alone does not wait. 0 commits whatever is there at once.
    pub commit_interval_us: u64,
    /// Memory for blocks read from disk, in bytes.
    pub cache_bytes: u64,
    /// Memory for recent writes of one kind of data before they move to a table on disk, in bytes.
    pub memtable_bytes: u64,
    /// Disk space for the journal before old writes are forced into tables, in bytes; at least 64 MiB. Bounds
    /// the time a start takes after a crash.
    pub journal_bytes: u64,
    /// Threads that move writes into tables and merge tables.
    pub compaction_threads: usize,
    /// How far these threads step back when a core is wanted for requests (`nice`, Linux): they hold it for milliseconds.
    pub compaction_niceness: u8,
    /// How often what has expired is looked for, in milliseconds.
    pub sweep_interval_ms: u64,
    /// How many expired things are removed in one go, between two commits.
    pub sweep_entries: usize,
    /// How many entries the change feed remembers for those who follow it.
    pub feed_entries: usize,
    /// How long log events are kept, in days.
    pub log_days: u64,
    /// For how many days a tenant's daily counts are kept.
    pub stats_days: u32,
    /// How many log events are kept in all, of every tenant together.
    pub log_events: u64,
}

impl Default for Embedded {
    fn default() -> Self {
        Self {
            path: PathBuf::from("data"),
            fsync: true,
            rotations_fsync_ms: 10,
            queue_writes: 8_192,
            commit_writes: 1_024,
            commit_interval_us: 800,
            cache_bytes: 8 << 20,
            memtable_bytes: 16 << 20,
            journal_bytes: 128 << 20,
            compaction_threads: 2,
            compaction_niceness: 10,
            sweep_interval_ms: 1_000,
            sweep_entries: 1_000,
            feed_entries: 4_096,
            log_days: 30,
            stats_days: 400,
            log_events: 1_000_000,
        }
    }
}
