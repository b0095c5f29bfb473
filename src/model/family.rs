//! A refresh family: one session's refresh tokens for one client, and the rule by which it rotates.

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::protocol::ids::{FamilyKey, SessionId};

/// All that is stored of a family: which generation is current, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Position of the current token within the family; the first is 1.
    pub generation: u64,
    /// When the current generation became current; the leeway counts from here.
    pub rotated_at: UnixMs,
}

/// A family about to be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewFamily {
    /// The name under which the store keeps it.
    pub key: FamilyKey,
    /// When it ends if nobody refreshes, the first time; slides with every rotation.
    pub idle_expires_at: Option<UnixMs>,
    /// When it ends at the latest; the session's record is kept at least until then.
    pub expires_at: Option<UnixMs>,
    /// Until when the session's record is kept if it would end before the family: then or later, so that the next family
    /// need not prolong it again.
    pub session_until: Option<UnixMs>,
    /// Whether it stays when the person logs out of the session.
    pub survives_logout: bool,
    /// About how many families the session may have, with this one; the one that was refreshed longest ago makes room.
    pub most: u16,
}

/// What a rotation is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The session that the family belongs to.
    pub session: SessionId,
    /// The family.
    pub family: FamilyKey,
    /// The generation of the token that was presented.
    pub generation: u64,
    /// The present instant.
    pub now: UnixMs,
    /// How long the previous generation may be repeated, in milliseconds; 0 is strict.
    pub leeway_ms: u64,
    /// The new idle expiry: the earlier of now + idle lifetime and the absolute expiry; `None` is never.
    pub expires_at: Option<UnixMs>,
    /// Whether the generation advances; `false` only checks and renews the idle expiry.
    pub rotating: bool,
}

/// What happened to a presented generation (design §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// Presented = stored: it advanced to this generation (or stays, when not rotating).
    Rotated {
        /// The generation that is now current.
        generation: u64,
    },
    /// Presented = stored − 1 within the leeway: nothing changed; the successor is this generation.
    Repeated {
        /// The generation that is current.
        generation: u64,
    },
    /// An older generation came back: the family is gone.
    Reused,
    /// Presented > stored: the store had lost writes and was healed.
    Recovered {
        /// The generation that is now current.
        generation: u64,
    },
    /// There is no such family: revoked, expired or never issued.
    Unknown,
}

impl Family {
    /// A family at its first generation.
    pub const fn first(now: UnixMs) -> Self {
        Self { generation: 1, rotated_at: now }
    }

    /// The rule of design §5: what presenting `asked` does, and the family that remains.
    ///
    /// Every store's `rotate` is this function, made atomic.
    pub fn rotate(self, asked: &Presented) -> (Rotation, Option<Self>) {
        let step = u64::from(asked.rotating);
        if asked.generation == self.generation {
            let generation = self.generation + step;
            let rotated_at = if asked.rotating { asked.now } else { self.rotated_at };
            return (Rotation::Rotated { generation }, Some(Self { generation, rotated_at }));
        }
        if asked.generation > self.generation {
            let generation = asked.generation + step;
            return (Rotation::Recovered { generation }, Some(Self { generation, rotated_at: asked.now }));
        }
        let previous = asked.generation + 1 == self.generation;
        if previous && asked.leeway_ms > 0 && asked.now.ms_since(self.rotated_at) <= asked.leeway_ms {
            return (Rotation::Repeated { generation: self.generation }, Some(self));
        }
        (Rotation::Reused, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(generation: u64, now: u64, leeway_ms: u64) -> Presented {
        Presented {
            session: SessionId([0; 12]),
            family: FamilyKey([0; 10]),
            generation,
            now: UnixMs(now),
            leeway_ms,
            expires_at: None,
            rotating: true,
        }
    }

    #[test]
    fn the_table_of_the_design_line_by_line() {
        let stored = Family { generation: 5, rotated_at: UnixMs(1000) };
        let next = Family { generation: 6, rotated_at: UnixMs(1500) };
        assert_eq!(stored.rotate(&asked(5, 1500, 30)), (Rotation::Rotated { generation: 6 }, Some(next)));
        assert_eq!(stored.rotate(&asked(4, 1030, 30)), (Rotation::Repeated { generation: 5 }, Some(stored)));
        assert_eq!(stored.rotate(&asked(4, 1031, 30)), (Rotation::Reused, None));
        assert_eq!(stored.rotate(&asked(4, 1000, 0)), (Rotation::Reused, None));
        assert_eq!(stored.rotate(&asked(3, 1001, 30)), (Rotation::Reused, None));
        let healed = Family { generation: 9, rotated_at: UnixMs(1500) };
        assert_eq!(stored.rotate(&asked(8, 1500, 30)), (Rotation::Recovered { generation: 9 }, Some(healed)));
    }

    #[test]
    fn a_clock_that_ran_backwards_is_within_the_leeway() {
        let stored = Family { generation: 2, rotated_at: UnixMs(1000) };
        assert_eq!(stored.rotate(&asked(1, 900, 30)).0, Rotation::Repeated { generation: 2 });
    }

    #[test]
    fn without_rotation_the_generation_stays() {
        let stored = Family { generation: 5, rotated_at: UnixMs(1000) };
        let check = Presented { rotating: false, ..asked(5, 9000, 0) };
        assert_eq!(stored.rotate(&check), (Rotation::Rotated { generation: 5 }, Some(stored)));
    }
}
