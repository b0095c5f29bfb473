//! Whose turn it is: tenants take turns, so that one tenant's flood is not another's wait; and how much of the room one
//! of them may take.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Whose jobs wait in one line.
pub(crate) type Lane = Arc<str>;

/// What waits, one line per lane, served in turns.
pub(crate) struct Turns<J> {
    lines: HashMap<Lane, VecDeque<J>>,
    order: VecDeque<Lane>,
    waiting: usize,
}

/// How many of each lane are computed or wait.
#[derive(Clone, Default)]
pub(crate) struct Shares(Arc<Mutex<HashMap<Lane, usize>>>);

/// One of a lane's share; given back when dropped.
pub(crate) struct Share {
    lane: Lane,
    shares: Shares,
}

impl<J> Default for Turns<J> {
    fn default() -> Self {
        Self { lines: HashMap::new(), order: VecDeque::new(), waiting: 0 }
    }
}

impl<J> Turns<J> {
    pub(crate) fn push(&mut self, lane: &Lane, job: J) {
        let jobs = self.lines.entry(Arc::clone(lane)).or_default();
        if jobs.is_empty() {
            self.order.push_back(Arc::clone(lane));
        }
        jobs.push_back(job);
        self.waiting += 1;
    }

    /// The next job; its lane goes to the end of the order.
    pub(crate) fn pop(&mut self) -> Option<J> {
        let lane = self.order.pop_front()?;
        let jobs = self.lines.get_mut(&lane)?;
        let job = jobs.pop_front();
        if jobs.is_empty() {
            self.lines.remove(&lane);
        } else {
            self.order.push_back(lane);
        }
        self.waiting -= usize::from(job.is_some());
        job
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting
    }
}

impl Shares {
    /// One of `lane`'s share of `most`; `None` when all of it is taken.
    pub(crate) fn take(&self, lane: &Lane, most: usize) -> Option<Share> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.entry(Arc::clone(lane)).or_default();
        if *own >= most {
            return None;
        }
        *own += 1;
        Some(Share { lane: Arc::clone(lane), shares: self.clone() })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.lane) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.lane);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(name: &str) -> Lane {
        Arc::from(name)
    }

    #[test]
    fn lanes_take_turns_however_long_their_lines_are() {
        let mut turns = Turns::default();
        for nth in 0..5 {
            turns.push(&lane("flood"), ("flood", nth));
        }
        turns.push(&lane("calm"), ("calm", 0));
        turns.push(&lane("calm"), ("calm", 1));
        let served: Vec<_> = std::iter::from_fn(|| turns.pop()).collect();
        let names: Vec<_> = served.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["flood", "calm", "flood", "calm", "flood", "flood", "flood"]);
        assert!(served.windows(2).all(|pair| pair[0].0 != pair[1].0 || pair[0].1 < pair[1].1), "in order");
        assert_eq!((turns.len(), turns.lines.len()), (0, 0), "nothing is left behind");
    }

    #[test]
    fn a_lane_has_its_share_and_no_more() {
        let shares = Shares::default();
        let own: Vec<_> = (0..3).map_while(|_| shares.take(&lane("a"), 2)).collect();
        assert_eq!(own.len(), 2);
        assert!(shares.take(&lane("b"), 2).is_some());
        drop(own);
        assert!(shares.take(&lane("a"), 2).is_some());
        assert!(shares.0.lock().unwrap().is_empty(), "who has nothing is not remembered");
    }
}
