//! The keys, and nowhere else: one hash tag per aggregate, so that each verb stays in one slot.
//!
//! | key | holds |
//! |---|---|
//! | `{sid}s` | a session with its families, each a generation and two instants |
//! | `{kind tenant id}` | a record; a user's also indexes the user's sessions |
//! | `{u tenant user}l` | the organizations of a user with many (sorted set) |
//! | `{kind tenant id}m` | the memberships of a user (hash) or of an organization (sorted set) |
//! | `{I kind tenant}` | the ids of a kind of record (sorted set) |
//! | `{I kind tenant}field` | the terms of one field, each with an id (sorted set) |
//! | `{N tenant name}` | who owns a unique name |
//! | `{J tenant job}` | what is known of a job |
//! | `{L tenant}` | log events (stream) |
//! | `{L tenant}d day` | what a day came to (hash) |
//! | `{L tenant}u day` | who was there (`HyperLogLog`) |
//! | `{sid}Sdigest` | a spent thing of a session |
//! | `S digest` | any other spent thing |
//! | `{C digest}` | the marks of a subject (hash: count and expiry) |
//! | `{C digest}b` | the bucket of a subject: when it is full again |
//! | `{F}` | the change feed (stream) |

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fred::types::Key;
use sha2::{Digest as _, Sha256};

use crate::model::record::Kind;
use crate::model::term::Field;
use crate::protocol::ids::{OrganizationId, SessionId, TenantId, UserId};
use crate::store::counters::Subject;
use crate::store::records::RecordKey;
use crate::store::spends::Thing;

/// Makes keys.
#[derive(Clone, Debug)]
pub(super) struct Keyspace {
    prefix: Box<[u8]>,
}

impl Keyspace {
    /// Keys that begin with `prefix`.
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.as_bytes().into() }
    }

    /// A session.
    pub(super) fn session(&self, id: SessionId) -> Key {
        let mut bytes = self.session_bytes(id);
        bytes.push(b's');
        key(bytes)
    }

    /// A document.
    pub(super) fn record(&self, record: &RecordKey) -> Key {
        key(self.tagged(record.kind.tag(), &record.tenant, Some(&record.id)))
    }

    /// A user's document and index of sessions.
    pub(super) fn user(&self, tenant: &TenantId, user: &UserId) -> Key {
        key(self.tagged(Kind::User.tag(), tenant, Some(user.as_str())))
    }

    /// A user's memberships; in the slot of the user.
    pub(super) fn memberships(&self, tenant: &TenantId, user: &UserId) -> Key {
        let mut bytes = self.tagged(Kind::User.tag(), tenant, Some(user.as_str()));
        bytes.push(b'm');
        key(bytes)
    }

    /// The list of the organizations of a user with many; in the slot of the user.
    pub(super) fn joined(&self, tenant: &TenantId, user: &UserId) -> Key {
        let mut bytes = self.tagged(Kind::User.tag(), tenant, Some(user.as_str()));
        bytes.push(b'l');
        key(bytes)
    }

    /// An organization's members; in the slot of the organization.
    pub(super) fn members(&self, tenant: &TenantId, organization: &OrganizationId) -> Key {
        let mut bytes = self.tagged(Kind::Organization.tag(), tenant, Some(organization.as_str()));
        bytes.push(b'm');
        key(bytes)
    }

    /// The ids of the documents of a kind.
    pub(super) fn index(&self, tenant: &TenantId, kind: Kind) -> Key {
        let tag = ["I", kind.tag()].concat();
        key(self.tagged(&tag, tenant, None))
    }

    /// The terms of one field of the documents of a kind; in the slot of their ids.
    pub(super) fn terms(&self, tenant: &TenantId, kind: Kind, field: Field) -> Key {
        let tag = ["I", kind.tag()].concat();
        let mut bytes = self.tagged(&tag, tenant, None);
        bytes.extend_from_slice(field.tag().as_bytes());
        key(bytes)
    }

    /// A unique name.
    pub(super) fn name(&self, tenant: &TenantId, name: &str) -> Key {
        key(self.tagged("N", tenant, Some(name)))
    }

    /// A job.
    pub(super) fn job(&self, tenant: &TenantId, id: &str) -> Key {
        key(self.tagged("J", tenant, Some(id)))
    }

    /// A tenant's log events.
    pub(super) fn log(&self, tenant: &TenantId) -> Key {
        key(self.tagged("L", tenant, None))
    }

    /// The change feed.
    pub(super) fn feed(&self) -> Key {
        key([&*self.prefix, b"{F}"].concat())
    }

    /// A thing that can be spent once, in the slot of the session that it is of; digested, so that a long name costs no
    /// more than a short one.
    pub(super) fn spend(&self, thing: &Thing<'_>) -> Key {
        let mut digest = Sha256::new();
        digest.update(self.tagged(thing.purpose.tag(), thing.tenant, None));
        digest.update(thing.name);
        let digest = URL_SAFE_NO_PAD.encode(&digest.finalize()[..18]);
        let mut bytes = match thing.session {
            Some(session) => self.session_bytes(session),
            None => self.prefix.to_vec(),
        };
        bytes.push(b'S');
        bytes.extend_from_slice(digest.as_bytes());
        key(bytes)
    }

    /// The marks of a subject; digested, because strangers name it.
    pub(super) fn counter(&self, subject: &Subject<'_>) -> Key {
        key(self.counter_bytes(subject))
    }

    /// The bucket of a subject; in the slot of its marks.
    pub(super) fn bucket(&self, subject: &Subject<'_>) -> Key {
        let mut bytes = self.counter_bytes(subject);
        bytes.push(b'b');
        key(bytes)
    }

    fn counter_bytes(&self, subject: &Subject<'_>) -> Vec<u8> {
        let mut digest = Sha256::new();
        digest.update(self.tagged(subject.purpose.tag(), subject.tenant, None));
        digest.update(subject.name);
        let digest = URL_SAFE_NO_PAD.encode(&digest.finalize()[..18]);
        [&*self.prefix, b"{C", digest.as_bytes(), b"}"].concat()
    }

    fn session_bytes(&self, id: SessionId) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.prefix.len() + 19);
        bytes.extend_from_slice(&self.prefix);
        bytes.push(b'{');
        bytes.extend_from_slice(&id.encoded());
        bytes.push(b'}');
        bytes
    }

    /// `{tag + length of tenant : tenant : name}`; the length keeps different pairs apart whatever they contain.
    fn tagged(&self, tag: &str, tenant: &TenantId, name: Option<&str>) -> Vec<u8> {
        let (tenant, size) = (tenant.as_str(), name.map_or(0, str::len));
        let mut bytes = Vec::with_capacity(self.prefix.len() + tenant.len() + size + 12);
        bytes.extend_from_slice(&self.prefix);
        // Writing into a vector cannot fail.
        let _written = write!(bytes, "{{{tag}{}:{tenant}", tenant.len());
        if let Some(name) = name {
            bytes.push(b':');
            bytes.extend_from_slice(name.as_bytes());
        }
        bytes.push(b'}');
        bytes
    }
}

fn key(bytes: Vec<u8>) -> Key {
    Key::from(bytes.into_boxed_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::UnixMs;
    use crate::store::spends::Purpose;

    #[test]
    fn an_aggregate_stays_in_one_slot() {
        let keys = Keyspace::new("");
        let sid = SessionId([9; 12]);
        assert_eq!(keys.session(sid).as_bytes().len(), 19);
        let tenant = TenantId::from("acme");
        let thing = |session| Thing {
            tenant: &tenant,
            purpose: Purpose::Code,
            name: b"code",
            session,
            expires_at: UnixMs(1),
        };
        assert_eq!(keys.spend(&thing(Some(sid))).cluster_hash(), keys.session(sid).cluster_hash());
        assert_ne!(keys.spend(&thing(Some(sid))), keys.spend(&thing(Some(SessionId([8; 12])))));
        assert_eq!(keys.spend(&thing(None)).as_bytes()[0], b'S');
        let user = UserId::from("auth0|a}b");
        let (ids, names) = (keys.index(&tenant, Kind::User), keys.terms(&tenant, Kind::User, Field::Name));
        assert!(ids.cluster_hash() == names.cluster_hash() && ids != names);
        assert_eq!(keys.user(&tenant, &user).cluster_hash(), keys.memberships(&tenant, &user).cluster_hash());
        assert_eq!(keys.user(&tenant, &user).cluster_hash(), keys.joined(&tenant, &user).cluster_hash());
    }

    #[test]
    fn different_things_have_different_keys() {
        let keys = Keyspace::new("p:");
        let name = |tenant: &str, name: &str| keys.name(&TenantId::from(tenant), name);
        assert_ne!(name("a:b", "c"), name("a", "b:c"));
        assert_eq!(name("a", "b").as_bytes(), b"p:{N1:a:b}");
        let tenant = TenantId::from("a");
        assert_ne!(keys.log(&tenant), keys.index(&tenant, Kind::User));
    }
}
