//! A store in memory that does as it is told: late, failing or panicking, for the tests of what stands on it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

use crate::model::change::Change;
use crate::model::family::Family;
use crate::model::log_event::LogEvent;
use crate::model::membership::Membership;
use crate::model::session::Session;
use crate::protocol::ids::{FamilyKey, OrganizationId, SessionId, TenantId, UserId};
use crate::store::records::Stored;
use crate::store::{Health, StoreError};

mod counters;
mod documents;
mod feed;
mod sessions;

/// The store; what went wrong with it is public.
#[derive(Default)]
pub(crate) struct Double {
    state: Mutex<State>,
    published: Notify,
    tallies: counters::Tallies,
    /// Milliseconds that every call takes.
    pub(crate) delay_ms: AtomicU64,
    /// Every call fails.
    pub(crate) down: AtomicBool,
    /// So many next calls panic.
    pub(crate) panics: AtomicUsize,
    /// Calls so far.
    pub(crate) calls: AtomicUsize,
    /// Credentials cannot be written.
    pub(crate) refuses_credentials: AtomicBool,
    /// The topology epoch.
    pub(crate) topology: AtomicU64,
    /// The next call to follow answers that entries were lost.
    pub(crate) gap: AtomicBool,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) documents: BTreeMap<(TenantId, &'static str, String), Stored>,
    pub(crate) names: BTreeMap<(TenantId, String), String>,
    pub(crate) jobs: BTreeMap<(TenantId, String), Bytes>,
    pub(crate) memberships: BTreeMap<(TenantId, UserId, OrganizationId), Membership>,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    pub(crate) families: BTreeMap<(SessionId, FamilyKey), Family>,
    pub(crate) feed: Vec<Change>,
    pub(crate) log: Vec<LogEvent>,
    /// Every family that was rotated, with the generation reached: what was acknowledged.
    pub(crate) rotations: Vec<(FamilyKey, u64)>,
}

impl Double {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A family at its first generation, without a session around it.
    pub(crate) fn seed(&self, session: SessionId, family: FamilyKey) {
        self.state()
            .families
            .insert((session, family), Family { generation: 1, rotated_at: crate::clock::UnixMs(0) });
    }

    /// How many changes were published so far.
    pub(crate) fn published(&self) -> usize {
        self.state().feed.len()
    }

    pub(crate) fn asked(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// What befalls every call.
    async fn strike(&self) -> Result<(), StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        // Callers interleave, as they do at a store that is elsewhere.
        tokio::task::yield_now().await;
        let take = |left: usize| left.checked_sub(1);
        let told = self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok();
        assert!(!told, "the store was told to panic");
        let delay = self.delay_ms.load(Ordering::SeqCst);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        if self.down.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("told to fail".into()));
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl Health for Double {
    async fn ping(&self) -> Result<(), StoreError> {
        self.strike().await
    }

    async fn close(&self) {
        self.down.store(true, Ordering::SeqCst);
    }
}
