//! The restart budget: an actor that dies now and then is started again; one that cannot live ends the process.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// So many restarts within such a time; one more is too many.
#[derive(Debug)]
pub(crate) struct Budget {
    allowed: usize,
    within: Duration,
    spent: VecDeque<Instant>,
}

impl Budget {
    /// At most `allowed` restarts within any stretch of `within`.
    pub(crate) fn new(allowed: usize, within: Duration) -> Self {
        Self { allowed, within, spent: VecDeque::new() }
    }

    /// Takes one restart at `now`; `false` when the budget is spent.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        while self.spent.front().is_some_and(|at| now.duration_since(*at) > self.within) {
            self.spent.pop_front();
        }
        if self.spent.len() >= self.allowed {
            return false;
        }
        self.spent.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restarts_come_back_with_time() {
        let mut budget = Budget::new(2, Duration::from_secs(10));
        let start = Instant::now();
        let at = |secs| start + Duration::from_secs(secs);
        assert!(budget.take(at(0)));
        assert!(budget.take(at(6)));
        assert!(!budget.take(at(9)));
        assert!(budget.take(at(11)), "the first is forgotten");
        assert!(!budget.take(at(12)));
    }
}
