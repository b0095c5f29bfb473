//! The change feed: every node hears what changed, in order, and knows when it missed something.

use crate::model::change::Change;
use crate::store::StoreError;

/// A place in the feed; later places compare greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Milliseconds part of a stream id, or 0.
    pub major: u64,
    /// Sequence part.
    pub minor: u64,
}

/// What following the feed brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Entries after the place asked for, oldest first; possibly none within the wait.
    Entries(Vec<(Position, Change)>),
    /// Entries after the place asked for are gone or unreadable: drop every cache and go on from here.
    Gap(Position),
}

/// The feed. `publish` is of the *careful* class.
#[async_trait::async_trait]
pub trait ChangeFeed: Send + Sync {
    /// Appends a change.
    ///
    /// # Errors
    /// [`StoreError`]; publishing again is safe.
    async fn publish(&self, change: &Change) -> Result<(), StoreError>;

    /// The place of the newest entry, from which a fresh node follows.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn head(&self) -> Result<Position, StoreError>;

    /// Waits up to `wait_ms` for entries after `after`; at most `take` of them.
    ///
    /// # Errors
    /// [`StoreError`]; following again from the same place is safe.
    async fn follow(&self, after: Position, wait_ms: u64, take: usize) -> Result<Tail, StoreError>;

    /// The revocations ([`Change::SessionEnded`], [`Change::FamilyRevoked`]) still in the feed, to re-apply
    /// after a change of topology (design §7).
    ///
    /// # Errors
    /// [`StoreError`].
    async fn recent_revocations(&self) -> Result<Vec<Change>, StoreError>;

    /// Changes whenever the store's topology does (a failover); constant in a store that has none.
    fn topology_epoch(&self) -> u64;
}
