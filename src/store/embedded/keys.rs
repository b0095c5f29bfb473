//! The names of everything the store keeps, as bytes. No other file spells a key.
//!
//! The first byte says what is named. A part that does not come last carries its length, so that no two
//! different names are spelled alike; a part that does come last sorts by its own bytes.

use sha2::{Digest as _, Sha256};

use super::disk::Space;
use crate::clock::UnixMs;
use crate::model::record::Kind;
use crate::model::statistics::Day;
use crate::model::term::Field;
use crate::protocol::ids::{FamilyKey, OrganizationId, SessionId, TenantId, UserId};
use crate::store::counters::Subject;
use crate::store::spends::{Purpose, Thing};

/// First bytes in [`Space::Live`].
pub(super) const BUCKET: u8 = b'b';
pub(super) const COUNTER: u8 = b'c';
pub(super) const DUE: u8 = b'e';
pub(super) const FAMILY: u8 = b'f';
pub(super) const JOB: u8 = b'j';
pub(super) const SESSION: u8 = b's';
pub(super) const SPEND: u8 = b'x';
const USER_SESSION: u8 = b'u';

/// First bytes in [`Space::Kept`].
pub(super) const IDENTIFIER: u8 = b'i';
const COUNT: u8 = b'n';
const MEMBER: u8 = b'o';
const MEMBERSHIP: u8 = b'm';
const RECORD: u8 = b'r';
const TERM: u8 = b't';

/// First bytes in [`Space::Log`].
pub(super) const LOG_ORDER: u8 = b'o';
const LOG_EVENT: u8 = b'e';
const LOG_DAY: u8 = b'd';

/// The one key that counts log events.
pub(super) const LOG_STATE: [u8; 1] = *b"m";

/// Whether whoever wrote what a key of [`Space::Live`] names is likely to read it soon: a use of a single-use thing is
/// read by whoever comes second, an entry of an index by the sweep.
pub(super) fn is_read_again(key: &[u8]) -> bool {
    matches!(key.first(), Some(&(BUCKET | COUNTER | FAMILY | SESSION)))
}

pub(super) fn session(id: SessionId) -> [u8; 13] {
    tagged(SESSION, &id.0)
}

/// What the keys of a session's families start with.
pub(super) fn families_of(id: SessionId) -> [u8; 13] {
    tagged(FAMILY, &id.0)
}

pub(super) fn family(session: SessionId, family: FamilyKey) -> [u8; 23] {
    let mut key = [0; 23];
    key[..13].copy_from_slice(&families_of(session));
    key[13..].copy_from_slice(&family.0);
    key
}

/// The family that a key names; `None` when it names something else.
pub(super) fn parse_family(key: &[u8]) -> Option<FamilyKey> {
    key.get(13..).and_then(|family| family.try_into().ok()).map(FamilyKey)
}

/// The session that a session's or a family's key names.
pub(super) fn parse_session(key: &[u8]) -> Option<SessionId> {
    key.get(1..13).and_then(|id| id.try_into().ok()).map(SessionId)
}

/// What the keys of a user's sessions start with; the session id follows.
pub(super) fn sessions_of(tenant: &TenantId, user: &UserId) -> Vec<u8> {
    Key::new(USER_SESSION).part(tenant.as_str()).part(user.as_str()).0
}

pub(super) fn session_of(tenant: &TenantId, user: &UserId, id: SessionId) -> Vec<u8> {
    Key(sessions_of(tenant, user)).last(&id.0)
}

/// Names of single-use things come from strangers: hashed, they all have one length. Those of codes are ours, and begin
/// with the instant at which they expire: in its order, those of one minute are neighbours, and quickly found.
pub(super) fn spend(thing: &Thing<'_>) -> [u8; 33] {
    let name = Key::new(SPEND).part(thing.tenant.as_str()).part(thing.purpose.tag()).last(thing.name);
    let mut rest: [u8; 32] = Sha256::digest(name).into();
    if thing.purpose == Purpose::Code
        && let Some(instant) = thing.name.first_chunk::<8>()
    {
        rest[..8].copy_from_slice(instant);
    }
    tagged(SPEND, &rest)
}

/// The marks of a subject; what strangers name is hashed.
pub(super) fn counter(subject: &Subject<'_>) -> [u8; 33] {
    tagged(COUNTER, &digest_of(subject))
}

/// The bucket of a subject.
pub(super) fn bucket(subject: &Subject<'_>) -> [u8; 33] {
    tagged(BUCKET, &digest_of(subject))
}

fn digest_of(subject: &Subject<'_>) -> [u8; 32] {
    let name = Key::new(COUNTER).part(subject.tenant.as_str()).part(subject.purpose.tag()).last(subject.name);
    Sha256::digest(name).into()
}

pub(super) fn job(tenant: &TenantId, id: &str) -> Vec<u8> {
    Key::new(JOB).part(tenant.as_str()).last(id.as_bytes())
}

/// The entry that says when to look at `key` again.
pub(super) fn due(at: UnixMs, space: Space, key: &[u8]) -> Vec<u8> {
    let mut due = Vec::with_capacity(10 + key.len());
    due.push(DUE);
    due.extend_from_slice(&at.0.to_be_bytes());
    due.push(space.tag());
    due.extend_from_slice(key);
    due
}

/// The space and key of what is to be looked at.
pub(super) fn parse_due(due: &[u8]) -> Option<(Space, &[u8])> {
    let space = Space::ALL.into_iter().find(|space| Some(&space.tag()) == due.get(9))?;
    due.get(10..).map(|key| (space, key))
}

/// What the keys of a tenant's documents of one kind start with; the id follows.
pub(super) fn records_of(tenant: &TenantId, kind: Kind) -> Vec<u8> {
    Key::new(RECORD).part(tenant.as_str()).last(kind.tag().as_bytes())
}

pub(super) fn record(tenant: &TenantId, kind: Kind, id: &str) -> Vec<u8> {
    Key(records_of(tenant, kind)).last(id.as_bytes())
}

pub(super) fn count(tenant: &TenantId, kind: Kind) -> Vec<u8> {
    Key::new(COUNT).part(tenant.as_str()).last(kind.tag().as_bytes())
}

/// What the entries of one index start with; the value of the term and the id follow.
pub(super) fn terms_of(tenant: &TenantId, kind: Kind, field: Field) -> Vec<u8> {
    Key::new(TERM).part(tenant.as_str()).part(kind.tag()).last(field.tag().as_bytes())
}

pub(super) fn identifier(tenant: &TenantId, name: &str) -> Vec<u8> {
    Key::new(IDENTIFIER).part(tenant.as_str()).last(name.as_bytes())
}

/// What the keys of a user's memberships start with; the organization follows.
pub(super) fn memberships_of(tenant: &TenantId, user: &UserId) -> Vec<u8> {
    Key::new(MEMBERSHIP).part(tenant.as_str()).part(user.as_str()).0
}

pub(super) fn membership(tenant: &TenantId, user: &UserId, organization: &OrganizationId) -> Vec<u8> {
    Key(memberships_of(tenant, user)).last(organization.as_str().as_bytes())
}

/// What the keys of an organization's members start with; the user follows.
pub(super) fn members_of(tenant: &TenantId, organization: &OrganizationId) -> Vec<u8> {
    Key::new(MEMBER).part(tenant.as_str()).part(organization.as_str()).0
}

pub(super) fn member(tenant: &TenantId, organization: &OrganizationId, user: &UserId) -> Vec<u8> {
    Key(members_of(tenant, organization)).last(user.as_str().as_bytes())
}

/// What the keys of a tenant's log events start with; the id follows.
pub(super) fn log_events_of(tenant: &TenantId) -> Vec<u8> {
    Key::new(LOG_EVENT).part(tenant.as_str()).0
}

pub(super) fn log_event(tenant: &TenantId, id: [u8; 12]) -> Vec<u8> {
    Key(log_events_of(tenant)).last(&id)
}

/// The place of a log event among those of all tenants; the value is its tenant.
pub(super) fn log_order(id: [u8; 12]) -> [u8; 13] {
    tagged(LOG_ORDER, &id)
}

/// What the keys of a tenant's days start with.
pub(super) fn days_of(tenant: &TenantId) -> Vec<u8> {
    Key::new(LOG_DAY).part(tenant.as_str()).0
}

/// The counts of a day.
pub(super) fn day(tenant: &TenantId, day: Day) -> Vec<u8> {
    Key(days_of(tenant)).last(&day.0.to_be_bytes())
}

/// The users of a day; right behind its counts.
pub(super) fn visitors(tenant: &TenantId, at: Day) -> Vec<u8> {
    Key(day(tenant, at)).last(b"u")
}

fn tagged<const N: usize>(tag: u8, rest: &[u8]) -> [u8; N] {
    let mut key = [tag; N];
    key[1..].copy_from_slice(rest);
    key
}

struct Key(Vec<u8>);

impl Key {
    fn new(tag: u8) -> Self {
        let mut key = Vec::with_capacity(80);
        key.push(tag);
        Self(key)
    }

    /// A part whose length stands before it. Sixteen bits: a longer part makes a key that is never stored.
    fn part(mut self, text: &str) -> Self {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn last(mut self, bytes: &[u8]) -> Vec<u8> {
        self.0.extend_from_slice(bytes);
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_run_into_each_other_stay_apart() {
        let key = |tenant: &str, user: &str| sessions_of(&TenantId::from(tenant), &UserId::from(user));
        assert_ne!(key("ab", "c"), key("a", "bc"));
        assert!(!key("a", "bc").starts_with(&key("a", "b")));
    }

    #[test]
    fn codes_are_in_the_order_of_their_names_and_no_two_are_alike() {
        let tenant = TenantId::from("t");
        let thing =
            |purpose, name| Thing { tenant: &tenant, purpose, name, session: None, expires_at: UnixMs(1) };
        let key = |purpose, name| spend(&thing(purpose, name));
        let code = |name| key(Purpose::Code, name);
        assert!(code(b"\0\0\0\0\0\0\0\x01zz") < code(b"\0\0\0\0\0\0\0\x02aa"));
        assert_ne!(code(b"\0\0\0\0\0\0\0\x01a"), code(b"\0\0\0\0\0\0\0\x01b"));
        assert_ne!(code(b"short"), code(b"shorter"));
        assert_ne!(code(b"12345678")[9..], key(Purpose::Pushed, b"12345678")[9..]);
    }

    #[test]
    fn what_is_due_can_be_found() {
        let key = family(SessionId([1; 12]), FamilyKey([2; 10]));
        let entry = due(UnixMs(7), Space::Live, &key);
        assert_eq!(parse_due(&entry), Some((Space::Live, key.as_slice())));
        assert_eq!(parse_due(&entry[..9]), None);
        assert!(due(UnixMs(255), Space::Live, &key) < due(UnixMs(256), Space::Kept, b""));
        assert_eq!(parse_family(&key), Some(FamilyKey([2; 10])));
        assert_eq!(parse_session(&key), Some(SessionId([1; 12])));
    }
}
