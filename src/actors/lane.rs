//! The lane of one busy session: one verb is under way, the rest waits in groups that can share a verb.

use std::collections::VecDeque;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::ring::RingError;
use crate::model::family::{Presented, Rotation};

/// What everybody who waits for a verb is told.
pub(crate) type Outcome = Result<Rotation, RingError>;

/// A caller and what it presented.
pub(crate) struct Waiting {
    pub(crate) asked: Presented,
    pub(crate) reply: oneshot::Sender<Outcome>,
    /// Held until the caller has its answer.
    pub(crate) _permit: OwnedSemaphorePermit,
}

/// A session that has a verb under way.
pub(crate) struct Lane {
    running: Presented,
    /// Callers that presented what is running.
    sharers: Vec<Waiting>,
    /// Groups of callers that presented the same.
    queue: VecDeque<Vec<Waiting>>,
    length: usize,
}

impl Lane {
    /// The lane behind the verb for `running`.
    pub(crate) fn new(running: Presented) -> Self {
        Self { running, sharers: Vec::new(), queue: VecDeque::new(), length: 0 }
    }

    /// Waits for the running verb, or behind it; at most `limit` may.
    pub(crate) fn join(&mut self, waiting: Waiting, limit: usize) {
        if self.length >= limit {
            answer(waiting, Err(RingError::Busy));
            return;
        }
        self.length += 1;
        if shareable(&self.running, &waiting.asked) {
            self.sharers.push(waiting);
            return;
        }
        let same = |group: &&mut Vec<Waiting>| {
            group.first().is_some_and(|first| shareable(&first.asked, &waiting.asked))
        };
        match self.queue.iter_mut().find(same) {
            Some(group) => group.push(waiting),
            None => self.queue.push_back(vec![waiting]),
        }
    }

    /// The running verb ended: answers those who share it and gives the caller whose verb is next.
    pub(crate) fn advance(&mut self, outcome: &Outcome) -> Option<Waiting> {
        let ended = self.running;
        for sharer in self.sharers.drain(..) {
            self.length -= 1;
            answer(sharer, shared(&ended, outcome));
        }
        while let Some(group) = self.queue.pop_front() {
            self.length -= group.len();
            // Whoever has left needs no verb.
            let mut group = group.into_iter().filter(|waiting| !waiting.reply.is_closed());
            if let Some(next) = group.next() {
                self.running = next.asked;
                self.sharers = group.collect();
                self.length += self.sharers.len();
                return Some(next);
            }
        }
        None
    }
}

/// Tells a caller; one that has left is not missed.
pub(crate) fn answer(waiting: Waiting, outcome: Outcome) {
    let _ = waiting.reply.send(outcome);
}

/// Whether one verb answers both: the same token, judged by the same rules, in a mode in which the store
/// itself would let the second pass. In strict mode (no leeway) a second use is a replay, which only the
/// store may judge.
fn shareable(first: &Presented, second: &Presented) -> bool {
    first.family == second.family
        && first.generation == second.generation
        && first.rotating == second.rotating
        && first.leeway_ms == second.leeway_ms
        && (!first.rotating || second.now.ms_since(first.now) < first.leeway_ms)
}

/// What the store would say to the same token again, right after it said `outcome`.
fn shared(asked: &Presented, outcome: &Outcome) -> Outcome {
    outcome.clone().map(|rotation| match rotation {
        Rotation::Rotated { generation } | Rotation::Recovered { generation } if asked.rotating => {
            Rotation::Repeated { generation }
        }
        Rotation::Recovered { generation } => Rotation::Rotated { generation },
        Rotation::Reused => Rotation::Unknown,
        Rotation::Rotated { .. } | Rotation::Repeated { .. } | Rotation::Unknown => rotation,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::UnixMs;
    use crate::model::family::Family;
    use crate::protocol::ids::{FamilyKey, SessionId};

    fn asked(generation: u64, leeway_ms: u64, rotating: bool) -> Presented {
        Presented {
            session: SessionId([0; 12]),
            family: FamilyKey([0; 10]),
            generation,
            now: UnixMs(1_000),
            leeway_ms,
            expires_at: None,
            rotating,
        }
    }

    #[test]
    fn sharing_says_what_the_store_would_have_said() {
        let stored = Family { generation: 5, rotated_at: UnixMs(990) };
        for rotating in [true, false] {
            for generation in 3..8 {
                let asked = asked(generation, 30, rotating);
                let (first, remains) = stored.rotate(&asked);
                let second = remains.map_or(Rotation::Unknown, |family| family.rotate(&asked).0);
                let shared = shared(&asked, &Ok(first)).unwrap();
                assert_eq!(shared, second, "generation {generation}, rotating {rotating}");
            }
        }
    }

    #[test]
    fn a_replay_in_strict_mode_is_never_shared() {
        assert!(!shareable(&asked(5, 0, true), &asked(5, 0, true)));
        assert!(shareable(&asked(5, 0, false), &asked(5, 0, false)));
        assert!(shareable(&asked(5, 30, true), &asked(5, 30, true)));
        assert!(!shareable(&asked(5, 30, true), &asked(4, 30, true)));
        assert!(!shareable(&asked(5, 30, true), &Presented { now: UnixMs(1_030), ..asked(5, 30, true) }));
    }
}
