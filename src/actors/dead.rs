//! Dead families, remembered for a moment: their tokens come back in storms that need not reach the store.
//!
//! Only what the store called unknown, what it just deleted, and what the feed called revoked is dead. A
//! family id is random and started before its first token leaves, so a dead one never comes alive, except
//! when a failover gave the store other data: then everything here is forgotten.

use std::hash::RandomState;
use std::sync::Arc;
use std::time::Duration;

use moka::ops::compute::Op;
use moka::sync::Cache;

use crate::config::ring::Ring as Settings;
use crate::protocol::ids::{FamilyKey, SessionId};

/// Sessions with dead families.
pub(crate) struct Dead {
    sessions: Cache<SessionId, Extent, RandomState>,
}

/// How much of a session is dead.
#[derive(Clone, Debug)]
enum Extent {
    All,
    Families(Arc<[FamilyKey]>),
}

/// Beyond so many, the families of one session are asked about again.
const FAMILIES: usize = 32;

impl Dead {
    pub(crate) fn new(settings: &Settings) -> Self {
        let sessions = Cache::builder()
            .max_capacity(settings.dead_entries)
            .time_to_live(Duration::from_millis(settings.dead_ttl_ms))
            .build();
        Self { sessions }
    }

    /// Whether the family is known to be dead.
    pub(crate) fn contains(&self, session: SessionId, family: FamilyKey) -> bool {
        match self.sessions.get(&session) {
            None => false,
            Some(Extent::All) => true,
            Some(Extent::Families(families)) => families.contains(&family),
        }
    }

    /// The whole session is dead.
    pub(crate) fn session(&self, session: SessionId) {
        self.sessions.insert(session, Extent::All);
    }

    /// One family of the session is dead.
    pub(crate) fn family(&self, session: SessionId, family: FamilyKey) {
        self.sessions.entry(session).and_compute_with(|known| match known.map(moka::Entry::into_value) {
            Some(Extent::All) => Op::Nop,
            Some(Extent::Families(families)) if families.contains(&family) || families.len() >= FAMILIES => {
                Op::Nop
            }
            Some(Extent::Families(families)) => {
                Op::Put(Extent::Families(families.iter().copied().chain([family]).collect()))
            }
            None => Op::Put(Extent::Families(Arc::new([family]))),
        });
    }

    /// Nothing is known to be dead any more.
    pub(crate) fn clear(&self) {
        self.sessions.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_family_leaves_its_sisters_alone_and_a_dead_session_does_not() {
        let dead = Dead::new(&Settings::default());
        let session = SessionId([1; 12]);
        let family = |n| FamilyKey([n; 10]);
        dead.family(session, family(1));
        dead.family(session, family(2));
        assert!(dead.contains(session, family(1)) && dead.contains(session, family(2)));
        assert!(!dead.contains(session, family(3)) && !dead.contains(SessionId([2; 12]), family(1)));
        dead.session(session);
        dead.family(session, family(1));
        assert!(dead.contains(session, family(3)));
        dead.clear();
        assert!(!dead.contains(session, family(1)));
    }
}
