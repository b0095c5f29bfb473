//! What a tenant's days came to: logins, signups, and who was there; counted from its log events.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::model::log_event::{EventType, LogEvent};
use crate::protocol::ids::{TenantId, UserId};

/// A day of the calendar in UTC, by number from 1970-01-01, which is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub u32);

/// What was counted on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// People who logged in, each time.
    pub logins: u64,
    /// Accounts that people made.
    pub signups: u64,
    /// Uses of a password known to have leaked: to log in, for a new account, in the place of another.
    pub leaked_passwords: u64,
    /// When the first of these happened.
    pub first_at: UnixMs,
    /// When the last of these happened.
    pub last_at: UnixMs,
}

/// What some log events add to one day of one tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub counts: Counts,
    /// Who logged in or signed up.
    pub users: BTreeSet<UserId>,
}

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

impl Day {
    /// The day of an instant.
    pub fn of(at: UnixMs) -> Self {
        Self(u32::try_from(at.0 / DAY_MS).unwrap_or(u32::MAX))
    }

    /// The instant at which the day begins.
    pub fn start(self) -> UnixMs {
        UnixMs(u64::from(self.0) * DAY_MS)
    }

    /// So many days earlier.
    #[must_use]
    pub const fn before(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days))
    }
}

impl Counts {
    /// Both together.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        let first_at = match (self.first_at, more.first_at) {
            (UnixMs(0), at) | (at, UnixMs(0)) => at,
            (one, other) => one.min(other),
        };
        Self {
            logins: self.logins + more.logins,
            signups: self.signups + more.signups,
            leaked_passwords: self.leaked_passwords + more.leaked_passwords,
            first_at,
            last_at: self.last_at.max(more.last_at),
        }
    }
}

/// What `events` add, by tenant and day; most events count for nothing.
pub fn tallied(events: &[LogEvent]) -> BTreeMap<(&TenantId, Day), Tally> {
    let mut tallies: BTreeMap<(&TenantId, Day), Tally> = BTreeMap::new();
    for event in events {
        let Some(counts) = counted(event) else { continue };
        let tally = tallies.entry((&event.tenant, Day::of(event.at))).or_default();
        tally.counts = tally.counts.plus(counts);
        // Who was only refused was not there.
        if counts.logins + counts.signups > 0 {
            tally.users.extend(event.user.clone());
        }
    }
    tallies
}

fn counted(event: &LogEvent) -> Option<Counts> {
    let one = Counts { first_at: event.at, last_at: event.at, ..Counts::default() };
    if matches!(event.event, EventType::PwdLeak | EventType::ResetPwdLeak | EventType::SignupPwdLeak) {
        return Some(Counts { leaked_passwords: 1, ..one });
    }
    if matches!(event.event, EventType::S | EventType::Sepft) {
        return Some(Counts { logins: 1, ..one });
    }
    (event.event == EventType::Ss).then_some(Counts { signups: 1, ..one })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventType, at: u64, user: Option<&str>) -> LogEvent {
        LogEvent {
            tenant: TenantId::from("t"),
            event: kind,
            at: UnixMs(at),
            client: None,
            user: user.map(UserId::from),
            organization: None,
            session: None,
            address: None,
            description: String::new(),
        }
    }

    #[test]
    fn logins_and_signups_count_on_their_day() {
        let events = [
            event(EventType::S, DAY_MS + 5, Some("a")),
            event(EventType::Sepft, DAY_MS + 3, Some("a")),
            event(EventType::Ss, 2 * DAY_MS, Some("b")),
            event(EventType::Sapi, 2 * DAY_MS, None),
            event(EventType::Fp, 2 * DAY_MS, None),
        ];
        let tallies = tallied(&events);
        let (tenant, days) = (TenantId::from("t"), [Day(1), Day(2)]);
        let first = &tallies[&(&tenant, days[0])];
        assert_eq!((first.counts.logins, first.counts.signups, first.users.len()), (2, 0, 1));
        assert_eq!((first.counts.first_at, first.counts.last_at), (UnixMs(DAY_MS + 3), UnixMs(DAY_MS + 5)));
        let second = &tallies[&(&tenant, days[1])];
        assert_eq!((second.counts.logins, second.counts.signups, second.users.len()), (0, 1, 1));
        assert_eq!(tallies.len(), 2);
        assert_eq!(
            (Day(2).start(), Day::of(UnixMs(2 * DAY_MS - 1)), Day(1).before(5)),
            (UnixMs(2 * DAY_MS), Day(1), Day(0))
        );
    }

    #[test]
    fn leaked_passwords_count_however_they_are_used_and_make_nobody_active() {
        let kinds = [EventType::PwdLeak, EventType::ResetPwdLeak, EventType::SignupPwdLeak, EventType::Fp];
        let events = kinds.map(|kind| event(kind, DAY_MS, Some("a")));
        let tallies = tallied(&events);
        let tenant = TenantId::from("t");
        let day = &tallies[&(&tenant, Day(1))];
        assert_eq!((day.counts.leaked_passwords, day.counts.logins, day.counts.signups), (3, 0, 0));
        assert!(day.users.is_empty());
    }
}
