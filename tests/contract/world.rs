//! What a case is given: a store, and names that no other case uses.

use std::any::Any;
use std::time::Duration;

use jeton::clock::{Clock, Entropy, UnixMs};
use jeton::model::family::{NewFamily, Presented};
use jeton::model::session::{Amr, Session};
use jeton::protocol::ids::{FamilyKey, SessionId, TenantId, UserId};
use jeton::store::SharedStore;

/// How Redis begins what it says without being asked; names like these are names like any other.
pub(crate) const UNASKED: [&str; 8] = [
    "message",
    "pmessage",
    "psubscribe",
    "punsubscribe",
    "smessage",
    "subscribe",
    "sunsubscribe",
    "unsubscribe",
];

/// A store under test. Backends may be shared by cases that run at once, so every name in a world is random.
pub(crate) struct World {
    /// The store.
    pub(crate) store: SharedStore,
    /// A tenant of this case's own.
    pub(crate) tenant: TenantId,
    /// What must outlive the store, such as its directory.
    _kept: Box<dyn Any + Send + Sync>,
}

impl World {
    /// A world around `store`; `kept` is dropped with it.
    pub(crate) fn new(store: SharedStore, kept: impl Any + Send + Sync) -> Self {
        Self { store, tenant: tenant(), _kept: Box::new(kept) }
    }

    /// A session of a user of its own that lives for a minute, not yet stored.
    pub(crate) fn session(&self) -> Session {
        let now = now();
        Session {
            id: SessionId(dice()),
            tenant: self.tenant.clone(),
            user: UserId::from(name("auth0|")),
            organization: None,
            authenticated_at: now,
            amr: Amr::PASSWORD,
            created_at: now,
            expires_at: Some(now.plus_secs(60)),
            device: None,
            clients: Vec::new(),
        }
    }

    /// A stored session with one family at generation 1.
    pub(crate) async fn logged_in(&self) -> (Session, FamilyKey) {
        let session = self.session();
        let family = family_of(&session);
        self.store.open(&session, Some(family)).await.expect("a session opens");
        (session, family.key)
    }
}

/// The wall clock, on which every backend runs.
pub(crate) fn now() -> UnixMs {
    Clock::System.now()
}

/// The instant `ms` milliseconds from now.
pub(crate) fn in_ms(ms: u64) -> UnixMs {
    UnixMs(now().0 + ms)
}

/// Real time passes; expiry is a matter of the wall clock on every backend.
pub(crate) async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// Random bytes.
pub(crate) fn dice<const N: usize>() -> [u8; N] {
    Entropy::System.bytes().expect("the operating system has randomness")
}

/// A name that nobody else has.
pub(crate) fn name(prefix: &str) -> String {
    format!("{prefix}{:032x}", u128::from_le_bytes(dice()))
}

/// A tenant that nobody else has.
pub(crate) fn tenant() -> TenantId {
    TenantId::from(name("tenant-"))
}

/// A family that ends after a minute without a refresh, not yet stored.
pub(crate) fn family() -> NewFamily {
    let ends = Some(now().plus_secs(60));
    NewFamily {
        key: FamilyKey(dice()),
        idle_expires_at: ends,
        expires_at: ends,
        session_until: ends,
        survives_logout: false,
        most: 200,
    }
}

/// A family that ends with its session, not yet stored; one that ends later would prolong the session.
pub(crate) fn family_of(session: &Session) -> NewFamily {
    let ends = session.expires_at;
    NewFamily { idle_expires_at: ends, expires_at: ends, session_until: ends, ..family() }
}

/// Generation `generation` of a family presented now, with a leeway of 30 seconds.
pub(crate) fn presented(session: SessionId, family: FamilyKey, generation: u64) -> Presented {
    let now = now();
    Presented {
        session,
        family,
        generation,
        now,
        leeway_ms: 30_000,
        expires_at: Some(now.plus_secs(60)),
        rotating: true,
    }
}
