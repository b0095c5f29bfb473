//! What was written lately, so that the next verb on a busy key need not search the tables for it.
//!
//! Everything is written through the one writer, so this never disagrees with the tables.

use std::collections::HashMap;

use fjall::Slice;
use foldhash::fast::RandomState;

use super::batch::Change;

/// The newest values of keys written lately: two generations, the older of which is forgotten whole.
pub(super) struct Recent {
    young: HashMap<Slice, Change, RandomState>,
    old: HashMap<Slice, Change, RandomState>,
    capacity: usize,
}

impl Recent {
    /// Remembers between `capacity` and twice as many keys.
    pub(super) fn new(capacity: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), capacity }
    }

    /// The last change of `key`, if it was made lately.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Change> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// A change that was committed.
    pub(super) fn note(&mut self, key: Slice, change: Change) {
        if self.young.len() >= self.capacity {
            // The room of the one that is forgotten serves again.
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(key, change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(recent: &mut Recent, key: &str, value: Option<&str>) {
        let change = value.map_or(Change::Remove, |value| Change::Put(value.as_bytes().into()));
        recent.note(key.as_bytes().into(), change);
    }

    #[test]
    fn the_newest_write_is_known_and_the_oldest_forgotten() {
        let mut recent = Recent::new(2);
        noted(&mut recent, "a", Some("1"));
        noted(&mut recent, "a", Some("2"));
        noted(&mut recent, "b", None);
        assert!(matches!(recent.get(b"a"), Some(Change::Put(value)) if value.as_ref() == b"2"));
        assert!(matches!(recent.get(b"b"), Some(Change::Remove)));
        for key in ["c", "d", "e", "f"] {
            noted(&mut recent, key, Some("x"));
        }
        assert!(recent.get(b"a").is_none());
        assert!(recent.get(b"f").is_some());
    }
}
