//! The change feed of a store with one process: a ring in memory. Caches start empty with the process, and so
//! does the feed.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::Embedded;
use crate::model::change::Change;
use crate::store::change_feed::{Position, Tail};
use crate::store::{ChangeFeed, StoreError};

/// The last changes, numbered from 1.
pub(super) struct Feed {
    entries: usize,
    ring: Mutex<VecDeque<Change>>,
    /// The number of the newest change.
    newest: watch::Sender<u64>,
}

impl Feed {
    pub(super) fn new(entries: usize) -> Self {
        Self { entries: entries.max(1), ring: Mutex::default(), newest: watch::Sender::new(0) }
    }

    fn push(&self, change: Change) {
        let mut ring = self.ring();
        if ring.len() == self.entries {
            ring.pop_front();
        }
        ring.push_back(change);
        // Under the lock, so that ring and number always belong together.
        self.newest.send_modify(|newest| *newest += 1);
    }

    /// What came after `after`; `None` when nothing did yet.
    fn tail(&self, after: Position, take: usize) -> Option<Tail> {
        let ring = self.ring();
        let newest = *self.newest.borrow();
        let forgotten = newest - ring.len() as u64;
        if after.major != 0 || after.minor > newest || after.minor < forgotten {
            return Some(Tail::Gap(place(newest)));
        }
        let entries: Vec<_> = (forgotten + 1..)
            .zip(ring.iter())
            .filter(|(number, _)| *number > after.minor)
            .take(take)
            .map(|(number, change)| (place(number), change.clone()))
            .collect();
        if entries.is_empty() { None } else { Some(Tail::Entries(entries)) }
    }

    fn ring(&self) -> MutexGuard<'_, VecDeque<Change>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ChangeFeed for Embedded {
    async fn publish(&self, change: &Change) -> Result<(), StoreError> {
        self.disk()?;
        self.feed.push(change.clone());
        Ok(())
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.disk()?;
        Ok(place(*self.feed.newest.borrow()))
    }

    async fn follow(&self, after: Position, wait_ms: u64, take: usize) -> Result<Tail, StoreError> {
        self.disk()?;
        let deadline = Instant::now() + Duration::from_millis(wait_ms);
        let mut newest = self.feed.newest.subscribe();
        loop {
            newest.mark_unchanged();
            if let Some(tail) = self.feed.tail(after, take.max(1)) {
                return Ok(tail);
            }
            if timeout_at(deadline, newest.changed()).await.is_err() {
                return Ok(Tail::Entries(Vec::new()));
            }
        }
    }

    async fn recent_revocations(&self) -> Result<Vec<Change>, StoreError> {
        self.disk()?;
        let revocation =
            |change: &&Change| matches!(change, Change::FamilyRevoked { .. } | Change::SessionEnded { .. });
        Ok(self.feed.ring().iter().filter(revocation).cloned().collect())
    }

    fn topology_epoch(&self) -> u64 {
        0
    }
}

const fn place(number: u64) -> Position {
    Position { major: 0, minor: number }
}
