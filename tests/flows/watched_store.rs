//! A store that is watched and can be made to fail: it counts what requests ask of it, and passes everything on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use jeton::clock::{Clock, UnixMs};
use jeton::model::change::Change;
use jeton::model::family::{Family, NewFamily, Presented, Rotation};
use jeton::model::log_event::LogEvent;
use jeton::model::membership::Membership;
use jeton::model::record::Kind;
use jeton::model::session::{Device, End, Ended, Session};
use jeton::model::statistics::{Counts, Day};
use jeton::protocol::ids::{FamilyKey, OrganizationId, SessionId, TenantId, UserId};
use jeton::store::audit_log::Logged;
use jeton::store::change_feed::{Position, Tail};
use jeton::store::counters::{Count, Counted, Draw, Drawn, Limit, Rate, Subject};
use jeton::store::families::Started;
use jeton::store::identifiers::Claim;
use jeton::store::records::{Cut, Expect, Page, RecordKey, Stored, Written};
use jeton::store::spends::{Redeemed, Redeeming, Spent, Thing};
use jeton::store::{
    AuditLog, ChangeFeed, Counters, Families, Health, Identifiers, Jobs, Memberships, Records, Sessions,
    SharedStore, Spends, Statistics, StoreError,
};
use tokio::sync::RwLock;

type Answer<T> = Result<T, StoreError>;

/// What tests hold of the watched store.
#[derive(Clone)]
pub(crate) struct Watch {
    calls: Arc<AtomicU64>,
    down: Arc<AtomicBool>,
    /// How many milliseconds the next verb takes, by this clock.
    slow: Arc<Mutex<Option<(Clock, u64)>>>,
    /// Whoever holds this keeps requests waiting that look somebody up by name.
    pub(crate) names: Arc<RwLock<()>>,
}

impl Watch {
    /// How many verbs requests have asked for; the feed and the log go uncounted.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Makes every verb fail, or lets them through again.
    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Lets so many milliseconds pass while the next verb is on its way to the store.
    pub(crate) fn slow_once(&self, clock: &Clock, ms: u64) {
        *self.slow.lock().unwrap() = Some((clock.clone(), ms));
    }
}

/// The store itself.
pub(crate) struct WatchedStore {
    inner: SharedStore,
    watch: Watch,
}

impl WatchedStore {
    pub(crate) fn over(inner: SharedStore) -> (SharedStore, Watch) {
        let watch = Watch {
            calls: Arc::default(),
            down: Arc::default(),
            slow: Arc::default(),
            names: Arc::default(),
        };
        (Arc::new(Self { inner, watch: watch.clone() }), watch)
    }

    fn pass(&self, counted: u64) -> Answer<()> {
        self.watch.calls.fetch_add(counted, Ordering::SeqCst);
        if let Some((clock, ms)) = self.watch.slow.lock().unwrap().take_if(|_| counted > 0) {
            clock.advance_ms(ms);
        }
        if self.watch.down.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("made to fail".to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl Health for WatchedStore {
    async fn ping(&self) -> Answer<()> {
        self.pass(0)?;
        self.inner.ping().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[async_trait]
impl Families for WatchedStore {
    async fn start(&self, session: SessionId, family: NewFamily, now: UnixMs) -> Answer<Started> {
        self.pass(1)?;
        self.inner.start(session, family, now).await
    }

    async fn rotate(&self, asked: Presented) -> Answer<Rotation> {
        self.pass(1)?;
        self.inner.rotate(asked).await
    }

    async fn current(&self, session: SessionId, family: FamilyKey, now: UnixMs) -> Answer<Option<Family>> {
        self.pass(1)?;
        self.inner.current(session, family, now).await
    }

    async fn ends_at(&self, session: SessionId, family: FamilyKey) -> Answer<Option<UnixMs>> {
        self.pass(1)?;
        self.inner.ends_at(session, family).await
    }

    async fn revoke(&self, session: SessionId, family: FamilyKey) -> Answer<bool> {
        self.pass(1)?;
        self.inner.revoke(session, family).await
    }
}

#[async_trait]
impl Sessions for WatchedStore {
    async fn open(&self, session: &Session, family: Option<NewFamily>) -> Answer<()> {
        self.pass(1)?;
        self.inner.open(session, family).await
    }

    async fn find(&self, id: SessionId, now: UnixMs) -> Answer<Option<Session>> {
        self.pass(1)?;
        self.inner.find(id, now).await
    }

    async fn update(&self, session: &Session) -> Answer<bool> {
        self.pass(1)?;
        self.inner.update(session).await
    }

    async fn touch(&self, seen: &Session, device: &Device) -> Answer<bool> {
        self.pass(1)?;
        self.inner.touch(seen, device).await
    }

    async fn remember_client(&self, id: SessionId, client: &jeton::protocol::ids::ClientId) -> Answer<bool> {
        self.pass(1)?;
        self.inner.remember_client(id, client).await
    }

    async fn end(&self, id: SessionId, how: End) -> Answer<Ended> {
        self.pass(1)?;
        self.inner.end(id, how).await
    }

    async fn families_of(&self, id: SessionId) -> Answer<Vec<FamilyKey>> {
        self.pass(1)?;
        self.inner.families_of(id).await
    }

    async fn of_user(&self, tenant: &TenantId, user: &UserId, now: UnixMs) -> Answer<Vec<SessionId>> {
        self.pass(1)?;
        self.inner.of_user(tenant, user, now).await
    }
}

#[async_trait]
impl Jobs for WatchedStore {
    async fn keep_job(&self, tenant: &TenantId, id: &str, document: Bytes, expires_at: UnixMs) -> Answer<()> {
        self.pass(1)?;
        self.inner.keep_job(tenant, id, document, expires_at).await
    }

    async fn find_job(&self, tenant: &TenantId, id: &str) -> Answer<Option<Bytes>> {
        self.pass(1)?;
        self.inner.find_job(tenant, id).await
    }
}

#[async_trait]
impl Spends for WatchedStore {
    async fn spend(&self, thing: Thing<'_>, note: &[u8]) -> Answer<Spent> {
        self.pass(1)?;
        self.inner.spend(thing, note).await
    }

    async fn redeem(&self, asked: Redeeming<'_>) -> Answer<Redeemed> {
        self.pass(1)?;
        self.inner.redeem(asked).await
    }

    async fn is_spent(&self, thing: Thing<'_>) -> Answer<bool> {
        self.pass(1)?;
        self.inner.is_spent(thing).await
    }
}

#[async_trait]
impl Counters for WatchedStore {
    async fn tally(&self, subject: Subject<'_>, mark: &str, now: UnixMs, limit: Limit) -> Answer<Counted> {
        self.pass(1)?;
        self.inner.tally(subject, mark, now, limit).await
    }

    async fn uncount(&self, subject: Subject<'_>, mark: &str, now: UnixMs) -> Answer<()> {
        self.pass(1)?;
        self.inner.uncount(subject, mark, now).await
    }

    async fn counts(&self, subject: Subject<'_>, now: UnixMs) -> Answer<Vec<Count>> {
        self.pass(1)?;
        self.inner.counts(subject, now).await
    }

    async fn forget(&self, subject: Subject<'_>, mark: Option<&str>, now: UnixMs) -> Answer<bool> {
        self.pass(1)?;
        self.inner.forget(subject, mark, now).await
    }

    async fn draw(&self, subject: Subject<'_>, now: UnixMs, rate: Rate, draw: Draw) -> Answer<Drawn> {
        self.pass(1)?;
        self.inner.draw(subject, now, rate, draw).await
    }
}

#[async_trait]
impl Records for WatchedStore {
    async fn read(&self, key: &RecordKey) -> Answer<Option<Stored>> {
        self.pass(1)?;
        self.inner.read(key).await
    }

    async fn write(&self, key: &RecordKey, document: Bytes, expect: Expect) -> Answer<Written> {
        self.pass(1)?;
        self.inner.write(key, document, expect).await
    }

    async fn remove(&self, key: &RecordKey) -> Answer<bool> {
        self.pass(1)?;
        self.inner.remove(key).await
    }

    async fn page(&self, tenant: &TenantId, kind: Kind, after: Option<&str>, take: usize) -> Answer<Page> {
        self.pass(1)?;
        self.inner.page(tenant, kind, after, take).await
    }

    async fn page_by(&self, tenant: &TenantId, kind: Kind, cut: &Cut, take: usize) -> Answer<Page> {
        self.pass(1)?;
        self.inner.page_by(tenant, kind, cut, take).await
    }

    async fn count(&self, tenant: &TenantId, kind: Kind) -> Answer<u64> {
        self.pass(1)?;
        self.inner.count(tenant, kind).await
    }
}

#[async_trait]
impl Identifiers for WatchedStore {
    async fn claim(&self, tenant: &TenantId, name: &str, owner: &str, hold_ms: u64) -> Answer<Claim> {
        self.pass(1)?;
        self.inner.claim(tenant, name, owner, hold_ms).await
    }

    async fn confirm(&self, tenant: &TenantId, name: &str, owner: &str) -> Answer<bool> {
        self.pass(1)?;
        self.inner.confirm(tenant, name, owner).await
    }

    async fn release(&self, tenant: &TenantId, name: &str, owner: &str) -> Answer<bool> {
        self.pass(1)?;
        self.inner.release(tenant, name, owner).await
    }

    async fn resolve(&self, tenant: &TenantId, name: &str) -> Answer<Option<String>> {
        self.pass(1)?;
        let _free = self.watch.names.read().await;
        self.inner.resolve(tenant, name).await
    }
}

#[async_trait]
impl Memberships for WatchedStore {
    async fn join(&self, membership: &Membership) -> Answer<bool> {
        self.pass(1)?;
        self.inner.join(membership).await
    }

    async fn leave(&self, tenant: &TenantId, user: &UserId, organization: &OrganizationId) -> Answer<bool> {
        self.pass(1)?;
        self.inner.leave(tenant, user, organization).await
    }

    async fn find_membership(
        &self,
        tenant: &TenantId,
        user: &UserId,
        organization: &OrganizationId,
    ) -> Answer<Option<Membership>> {
        self.pass(1)?;
        self.inner.find_membership(tenant, user, organization).await
    }

    async fn organizations_of(
        &self,
        tenant: &TenantId,
        user: &UserId,
        after: Option<&str>,
        take: usize,
    ) -> Answer<Vec<Membership>> {
        self.pass(1)?;
        self.inner.organizations_of(tenant, user, after, take).await
    }

    async fn members_of(
        &self,
        tenant: &TenantId,
        organization: &OrganizationId,
        after: Option<&str>,
        take: usize,
    ) -> Answer<Vec<Membership>> {
        self.pass(1)?;
        self.inner.members_of(tenant, organization, after, take).await
    }
}

#[async_trait]
impl ChangeFeed for WatchedStore {
    async fn publish(&self, change: &Change) -> Answer<()> {
        self.pass(1)?;
        self.inner.publish(change).await
    }

    async fn head(&self) -> Answer<Position> {
        self.pass(0)?;
        self.inner.head().await
    }

    async fn follow(&self, after: Position, wait_ms: u64, take: usize) -> Answer<Tail> {
        self.pass(0)?;
        self.inner.follow(after, wait_ms, take).await
    }

    async fn recent_revocations(&self) -> Answer<Vec<Change>> {
        self.pass(0)?;
        self.inner.recent_revocations().await
    }

    fn topology_epoch(&self) -> u64 {
        self.inner.topology_epoch()
    }
}

#[async_trait]
impl AuditLog for WatchedStore {
    async fn append(&self, events: &[LogEvent]) -> Answer<()> {
        self.pass(0)?;
        self.inner.append(events).await
    }

    async fn event(&self, tenant: &TenantId, id: &str) -> Answer<Option<Logged>> {
        self.pass(0)?;
        self.inner.event(tenant, id).await
    }

    async fn since(&self, tenant: &TenantId, after: Option<&str>, take: usize) -> Answer<Vec<Logged>> {
        self.pass(0)?;
        self.inner.since(tenant, after, take).await
    }

    async fn recent(&self, tenant: &TenantId, before: Option<&str>, take: usize) -> Answer<Vec<Logged>> {
        self.pass(0)?;
        self.inner.recent(tenant, before, take).await
    }

    async fn forget_events(&self, tenant: &TenantId, take: usize) -> Answer<bool> {
        self.pass(0)?;
        self.inner.forget_events(tenant, take).await
    }
}

#[async_trait]
impl Statistics for WatchedStore {
    async fn days(&self, tenant: &TenantId, from: Day, to: Day) -> Answer<Vec<(Day, Counts)>> {
        self.pass(0)?;
        self.inner.days(tenant, from, to).await
    }

    async fn active_users(&self, tenant: &TenantId, from: Day, to: Day) -> Answer<u64> {
        self.pass(0)?;
        self.inner.active_users(tenant, from, to).await
    }
}
