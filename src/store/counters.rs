//! Counters that perish: wrong guesses per subject, and buckets that refill. What strangers cause to be kept is
//! small, counted and ends by itself.

use crate::clock::UnixMs;
use crate::protocol::ids::TenantId;
use crate::store::StoreError;

/// How many marks one subject has at most; the one that ends first makes room.
pub const MARKS_MAX: usize = 64;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Wrong passwords for an account; a mark is an address.
    Guesses,
    /// Messages to one address.
    Mail,
    /// One-time passwords sent to an address and tried; a mark is one of them.
    Otp,
    /// Signups from an address.
    Signups,
    /// Wrong passwords from an address.
    Suspicion,
}

impl Purpose {
    /// The short tag used in store keys; never change one.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Guesses => "g",
            Self::Mail => "m",
            Self::Otp => "o",
            Self::Signups => "u",
            Self::Suspicion => "s",
        }
    }
}

/// Whose count it is.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The tenant in which it counts.
    pub tenant: &'a TenantId,
    /// What is counted.
    pub purpose: Purpose,
    /// What tells it from others; only its digest is kept.
    pub name: &'a [u8],
}

/// Until when a count is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// From this count on nothing more is counted.
    pub most: u32,
    /// When a count below `most` is forgotten; each further one moves it later.
    pub forgotten_at: UnixMs,
    /// When a count that has reached `most` is forgotten.
    pub released_at: UnixMs,
}

/// One mark's count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// What tells it from the subject's other marks; at most 64 bytes.
    pub mark: String,
    /// How many, at most the limit.
    pub count: u32,
    /// When it is forgotten.
    pub expires_at: UnixMs,
}

/// What counting did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It was counted; so many it is now.
    Now(u32),
    /// The limit was reached before; nothing was counted.
    Over,
}

/// How a bucket holds and refills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What a full bucket holds; at least 1.
    pub most: u32,
    /// How long one more takes, in milliseconds; at least 1.
    pub interval_ms: u64,
}

/// What to do with a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// Put one back that was taken.
    Back,
    /// Look at it only.
    Look,
    /// Take one, if there is one.
    One,
}

/// What a bucket gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// Nothing: it is empty until then.
    Empty {
        /// When there is one again.
        until: UnixMs,
    },
    /// It held at least one.
    Had,
}

impl Rate {
    /// The rule of a bucket (GCRA): all that is kept of it is the instant at which it is full again. Answers what
    /// was drawn, and that instant if it changes.
    pub fn draw(self, full_at: UnixMs, now: UnixMs, draw: Draw) -> (Drawn, Option<UnixMs>) {
        let (interval, full_at) = (self.interval_ms.max(1), full_at.0.max(now.0));
        let room = interval.saturating_mul(u64::from(self.most.max(1)));
        let after = full_at.saturating_add(interval);
        match draw {
            Draw::Back => (Drawn::Had, Some(UnixMs(full_at.saturating_sub(interval)))),
            Draw::Look | Draw::One if after > now.0.saturating_add(room) => {
                (Drawn::Empty { until: UnixMs(after - room) }, None)
            }
            Draw::Look => (Drawn::Had, None),
            Draw::One => (Drawn::Had, Some(UnixMs(after))),
        }
    }
}

/// Counts and buckets. Every verb is atomic on one key, of the *rotation* class: a failover may forget the last.
#[async_trait::async_trait]
pub trait Counters: Send + Sync {
    /// Counts one more under `mark` (at most 64 bytes), unless it reached the limit before.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Unknown`] it may be counted.
    async fn tally(
        &self,
        subject: Subject<'_>,
        mark: &str,
        now: UnixMs,
        limit: Limit,
    ) -> Result<Counted, StoreError>;

    /// Takes one back that was counted under `mark`, if the mark still stands.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn uncount(&self, subject: Subject<'_>, mark: &str, now: UnixMs) -> Result<(), StoreError>;

    /// Every mark of the subject that is not forgotten yet, in no particular order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn counts(&self, subject: Subject<'_>, now: UnixMs) -> Result<Vec<Count>, StoreError>;

    /// Forgets one mark, or all of the subject and its bucket; whether there was something to forget. Of many who
    /// forget the same mark at once, one is told so.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn forget(&self, subject: Subject<'_>, mark: Option<&str>, now: UnixMs)
    -> Result<bool, StoreError>;

    /// Draws from the subject's bucket, by the rule of [`Rate::draw`]. A full bucket is not kept.
    ///
    /// # Errors
    /// [`StoreError`]; after [`StoreError::Unknown`] it may be drawn.
    async fn draw(
        &self,
        subject: Subject<'_>,
        now: UnixMs,
        rate: Rate,
        draw: Draw,
    ) -> Result<Drawn, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_fill_at_once_and_then_one_per_interval() {
        let rate = Rate { most: 3, interval_ms: 100 };
        let mut full_at = UnixMs(0);
        let mut draw = |now: u64, what| {
            let (drawn, next) = rate.draw(full_at, UnixMs(now), what);
            full_at = next.unwrap_or(full_at);
            drawn
        };
        for _ in 0..3 {
            assert_eq!(draw(1000, Draw::One), Drawn::Had);
        }
        assert_eq!(draw(1000, Draw::One), Drawn::Empty { until: UnixMs(1100) });
        assert_eq!(draw(1099, Draw::Look), Drawn::Empty { until: UnixMs(1100) });
        assert_eq!(draw(1100, Draw::One), Drawn::Had);
        assert_eq!(draw(1100, Draw::One), Drawn::Empty { until: UnixMs(1200) });
        assert_eq!(draw(1100, Draw::Back), Drawn::Had);
        assert_eq!(draw(1100, Draw::One), Drawn::Had);
        assert_eq!(draw(9000, Draw::Back), Drawn::Had);
        for _ in 0..3 {
            assert_eq!(draw(9000, Draw::One), Drawn::Had);
        }
        assert!(matches!(draw(9000, Draw::One), Drawn::Empty { .. }), "a full bucket takes nothing back");
    }
}
