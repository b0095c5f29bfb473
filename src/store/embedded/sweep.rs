//! What has expired is absent at once; here it is removed for good, a bounded number at a time.
//!
//! A thing with which others end (a session and its families, a name and its hold) or that is renewed often is filed
//! once under the instant at which it would expire. When that instant has come, the sweep looks at the thing itself:
//! expired things go, and those that were renewed meanwhile are filed again. What ends by itself is not filed but left
//! to `decay`.

use std::ops::Bound;

use fjall::Slice;

use super::batch::{Batch, decoded};
use super::disk::Space;
use super::{audit_log, counters, identifiers, jobs, keys, sessions};
use crate::clock::UnixMs;
use crate::config;
use crate::model::session::End;
use crate::store::StoreError;

/// Has a thing looked at when it expires.
pub(super) fn file(batch: &mut Batch<'_>, at: UnixMs, space: Space, key: &[u8]) -> Result<(), StoreError> {
    // Never before the sweep's place: it does not look back.
    let at = at.max(UnixMs(batch.now().0 + 1));
    batch.put(Space::Live, keys::due(at, space, key), [])
}

/// Where the sweep stands.
#[derive(Default)]
pub(super) struct Sweep {
    entries: usize,
    retention: audit_log::Retention,
    rounds: u64,
    last: UnixMs,
    /// The last entry removed. Rounds start after it, because walking over what was just removed is slow
    /// until the tables are merged.
    after: Slice,
}

/// So many rounds from one that starts at the beginning, in case the wall clock went backwards in between.
const ROUNDS: u64 = 1_000;

impl Sweep {
    pub(super) fn new(section: &config::embedded::Embedded) -> Self {
        Self {
            entries: section.sweep_entries.max(1),
            retention: audit_log::Retention::new(section),
            ..Self::default()
        }
    }

    /// Removes a bounded number of expired things; `true` when there may be more.
    pub(super) fn round(&mut self, batch: &mut Batch<'_>) -> Result<bool, StoreError> {
        let now = batch.now();
        if now < self.last || self.rounds.is_multiple_of(ROUNDS) {
            self.after = Slice::from([keys::DUE]);
        }
        self.rounds += 1;
        self.last = now;
        let end = keys::due(UnixMs(now.0 + 1), Space::Log, &[]);
        let from = Bound::Excluded(&*self.after);
        let due = batch.committed().between(Space::Live, from, &end[..9], self.entries)?;
        let full = due.len() == self.entries;
        for (entry, _) in due {
            if let Some((space, key)) = keys::parse_due(&entry) {
                self.meet(batch, space, key)?;
            } else {
                tracing::error!("an entry of the expiry index is unreadable; it is dropped");
            }
            batch.remove(Space::Live, entry.clone());
            self.after = entry;
        }
        let more_events = self.retention.round(batch, self.entries)?;
        Ok(full || more_events)
    }

    fn meet(&self, batch: &mut Batch<'_>, space: Space, key: &[u8]) -> Result<(), StoreError> {
        let Some(value) = batch.get(space, key)? else { return Ok(()) };
        let expires_at = match (space, key.first()) {
            (Space::Live, Some(&keys::JOB)) => jobs::expiry(&value).map(Some),
            (Space::Live, Some(&keys::SESSION)) => sessions::expiry(&value),
            (Space::Live, Some(&keys::COUNTER)) => {
                decoded::<counters::Stored>(&value).map(|it| Some(it.expires_at()))
            }
            (Space::Live, Some(&keys::BUCKET)) => decoded::<UnixMs>(&value).map(Some),
            (Space::Kept, Some(&keys::IDENTIFIER)) => {
                decoded::<identifiers::Stored>(&value).map(|it| it.held_until)
            }
            _ => Err(StoreError::Corrupt("the expiry index names something that does not expire".to_owned())),
        };
        match expires_at {
            Err(cause) => tracing::error!(%cause, "something that may have expired is unreadable; it stays"),
            Ok(None) => {}
            Ok(Some(at)) if at > self.last => file(batch, at, space, key)?,
            Ok(Some(_)) => match keys::parse_session(key) {
                Some(id) if key.first() == Some(&keys::SESSION) => {
                    sessions::take_away(batch, id, End::Everything)?;
                }
                _ => batch.remove(space, key),
            },
        }
        Ok(())
    }
}

/// Whether something that ends at `expires_at` has ended.
pub(super) fn is_over(expires_at: Option<UnixMs>, now: UnixMs) -> bool {
    expires_at.is_some_and(|at| at <= now)
}
