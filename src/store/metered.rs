//! A store whose every verb is counted and timed.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;

use crate::clock::UnixMs;
use crate::model::change::Change;
use crate::model::family::{Family, NewFamily, Presented, Rotation};
use crate::model::log_event::LogEvent;
use crate::model::membership::Membership;
use crate::model::record::Kind;
use crate::model::session::{Device, End, Ended, Session};
use crate::model::statistics::{Counts, Day};
use crate::protocol::ids::{ClientId, FamilyKey, OrganizationId, SessionId, TenantId, UserId};
use crate::store::audit_log::Logged;
use crate::store::change_feed::{Position, Tail};
use crate::store::counters::{Count, Counted, Draw, Drawn, Limit, Rate, Subject};
use crate::store::families::Started;
use crate::store::identifiers::Claim;
use crate::store::records::{Cut, Expect, Page, RecordKey, Stored, Written};
use crate::store::spends::{Redeemed, Redeeming, Spent, Thing};
use crate::store::{
    AuditLog, ChangeFeed, Counters, Families, Health, Identifiers, Jobs, Memberships, Records, Sessions,
    SharedStore, Spends, Statistics, StoreError,
};
use crate::telemetry::labels::{StoreOutcome, StoreVerb};
use crate::telemetry::metrics::Metrics;

type Answer<T> = Result<T, StoreError>;

/// Counts and times what it passes on.
pub struct Metered {
    inner: SharedStore,
    metrics: Arc<Metrics>,
}

impl Metered {
    /// `inner`, counted in `metrics`.
    pub fn over(inner: SharedStore, metrics: Arc<Metrics>) -> SharedStore {
        Arc::new(Self { inner, metrics })
    }

    async fn timed<T>(&self, verb: StoreVerb, call: impl Future<Output = Answer<T>> + Send) -> Answer<T> {
        let started = Instant::now();
        let answer = call.await;
        let outcome = match &answer {
            Ok(_) => StoreOutcome::Ok,
            Err(StoreError::Corrupt(_) | StoreError::NotReplicated(_)) => StoreOutcome::Failed,
            Err(StoreError::Unavailable(_)) => StoreOutcome::Unavailable,
            Err(StoreError::Unknown(_)) => StoreOutcome::TimedOut,
        };
        self.metrics.store_verb(verb, outcome, started.elapsed().as_secs_f64());
        answer
    }
}

#[async_trait]
impl Health for Metered {
    async fn ping(&self) -> Answer<()> {
        self.inner.ping().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[async_trait]
impl Families for Metered {
    async fn start(&self, session: SessionId, family: NewFamily, now: UnixMs) -> Answer<Started> {
        self.timed(StoreVerb::FamilyStart, self.inner.start(session, family, now)).await
    }

    async fn rotate(&self, asked: Presented) -> Answer<Rotation> {
        self.timed(StoreVerb::FamilyRotate, self.inner.rotate(asked)).await
    }

    async fn current(&self, session: SessionId, family: FamilyKey, now: UnixMs) -> Answer<Option<Family>> {
        self.timed(StoreVerb::FamilyCurrent, self.inner.current(session, family, now)).await
    }

    async fn ends_at(&self, session: SessionId, family: FamilyKey) -> Answer<Option<UnixMs>> {
        self.timed(StoreVerb::FamilyCurrent, self.inner.ends_at(session, family)).await
    }

    async fn revoke(&self, session: SessionId, family: FamilyKey) -> Answer<bool> {
        self.timed(StoreVerb::FamilyRevoke, self.inner.revoke(session, family)).await
    }
}

#[async_trait]
impl Sessions for Metered {
    async fn open(&self, session: &Session, family: Option<NewFamily>) -> Answer<()> {
        self.timed(StoreVerb::SessionOpen, self.inner.open(session, family)).await
    }

    async fn find(&self, id: SessionId, now: UnixMs) -> Answer<Option<Session>> {
        self.timed(StoreVerb::SessionFind, self.inner.find(id, now)).await
    }

    async fn update(&self, session: &Session) -> Answer<bool> {
        self.timed(StoreVerb::SessionUpdate, self.inner.update(session)).await
    }

    async fn touch(&self, seen: &Session, device: &Device) -> Answer<bool> {
        self.timed(StoreVerb::SessionTouch, self.inner.touch(seen, device)).await
    }

    async fn remember_client(&self, id: SessionId, client: &ClientId) -> Answer<bool> {
        self.timed(StoreVerb::SessionClient, self.inner.remember_client(id, client)).await
    }

    async fn end(&self, id: SessionId, how: End) -> Answer<Ended> {
        self.timed(StoreVerb::SessionEnd, self.inner.end(id, how)).await
    }

    async fn families_of(&self, id: SessionId) -> Answer<Vec<FamilyKey>> {
        self.timed(StoreVerb::SessionList, self.inner.families_of(id)).await
    }

    async fn of_user(&self, tenant: &TenantId, user: &UserId, now: UnixMs) -> Answer<Vec<SessionId>> {
        self.timed(StoreVerb::SessionList, self.inner.of_user(tenant, user, now)).await
    }
}

#[async_trait]
impl Jobs for Metered {
    async fn keep_job(&self, tenant: &TenantId, id: &str, document: Bytes, expires_at: UnixMs) -> Answer<()> {
        self.timed(StoreVerb::JobKeep, self.inner.keep_job(tenant, id, document, expires_at)).await
    }

    async fn find_job(&self, tenant: &TenantId, id: &str) -> Answer<Option<Bytes>> {
        self.timed(StoreVerb::JobFind, self.inner.find_job(tenant, id)).await
    }
}

#[async_trait]
impl Spends for Metered {
    async fn spend(&self, thing: Thing<'_>, note: &[u8]) -> Answer<Spent> {
        self.timed(StoreVerb::Spend, self.inner.spend(thing, note)).await
    }

    async fn redeem(&self, asked: Redeeming<'_>) -> Answer<Redeemed> {
        self.timed(StoreVerb::Redeem, self.inner.redeem(asked)).await
    }

    async fn is_spent(&self, thing: Thing<'_>) -> Answer<bool> {
        self.timed(StoreVerb::SpendFind, self.inner.is_spent(thing)).await
    }
}

#[async_trait]
impl Counters for Metered {
    async fn tally(&self, subject: Subject<'_>, mark: &str, now: UnixMs, limit: Limit) -> Answer<Counted> {
        self.timed(StoreVerb::CounterAdd, self.inner.tally(subject, mark, now, limit)).await
    }

    async fn uncount(&self, subject: Subject<'_>, mark: &str, now: UnixMs) -> Answer<()> {
        self.timed(StoreVerb::CounterTakeBack, self.inner.uncount(subject, mark, now)).await
    }

    async fn counts(&self, subject: Subject<'_>, now: UnixMs) -> Answer<Vec<Count>> {
        self.timed(StoreVerb::CounterList, self.inner.counts(subject, now)).await
    }

    async fn forget(&self, subject: Subject<'_>, mark: Option<&str>, now: UnixMs) -> Answer<bool> {
        self.timed(StoreVerb::CounterForget, self.inner.forget(subject, mark, now)).await
    }

    async fn draw(&self, subject: Subject<'_>, now: UnixMs, rate: Rate, draw: Draw) -> Answer<Drawn> {
        self.timed(StoreVerb::BucketDraw, self.inner.draw(subject, now, rate, draw)).await
    }
}

#[async_trait]
impl Records for Metered {
    async fn read(&self, key: &RecordKey) -> Answer<Option<Stored>> {
        self.timed(StoreVerb::RecordRead, self.inner.read(key)).await
    }

    async fn write(&self, key: &RecordKey, document: Bytes, expect: Expect) -> Answer<Written> {
        self.timed(StoreVerb::RecordWrite, self.inner.write(key, document, expect)).await
    }

    async fn remove(&self, key: &RecordKey) -> Answer<bool> {
        self.timed(StoreVerb::RecordRemove, self.inner.remove(key)).await
    }

    async fn page(&self, tenant: &TenantId, kind: Kind, after: Option<&str>, take: usize) -> Answer<Page> {
        self.timed(StoreVerb::RecordPage, self.inner.page(tenant, kind, after, take)).await
    }

    async fn page_by(&self, tenant: &TenantId, kind: Kind, cut: &Cut, take: usize) -> Answer<Page> {
        self.timed(StoreVerb::RecordPage, self.inner.page_by(tenant, kind, cut, take)).await
    }

    async fn count(&self, tenant: &TenantId, kind: Kind) -> Answer<u64> {
        self.timed(StoreVerb::RecordCount, self.inner.count(tenant, kind)).await
    }
}

#[async_trait]
impl Identifiers for Metered {
    async fn claim(&self, tenant: &TenantId, name: &str, owner: &str, hold_ms: u64) -> Answer<Claim> {
        self.timed(StoreVerb::IdentifierClaim, self.inner.claim(tenant, name, owner, hold_ms)).await
    }

    async fn confirm(&self, tenant: &TenantId, name: &str, owner: &str) -> Answer<bool> {
        self.timed(StoreVerb::IdentifierConfirm, self.inner.confirm(tenant, name, owner)).await
    }

    async fn release(&self, tenant: &TenantId, name: &str, owner: &str) -> Answer<bool> {
        self.timed(StoreVerb::IdentifierRelease, self.inner.release(tenant, name, owner)).await
    }

    async fn resolve(&self, tenant: &TenantId, name: &str) -> Answer<Option<String>> {
        self.timed(StoreVerb::IdentifierResolve, self.inner.resolve(tenant, name)).await
    }
}

#[async_trait]
impl Memberships for Metered {
    async fn join(&self, membership: &Membership) -> Answer<bool> {
        self.timed(StoreVerb::MembershipJoin, self.inner.join(membership)).await
    }

    async fn leave(&self, tenant: &TenantId, user: &UserId, organization: &OrganizationId) -> Answer<bool> {
        self.timed(StoreVerb::MembershipLeave, self.inner.leave(tenant, user, organization)).await
    }

    async fn find_membership(
        &self,
        tenant: &TenantId,
        user: &UserId,
        organization: &OrganizationId,
    ) -> Answer<Option<Membership>> {
        self.timed(StoreVerb::MembershipFind, self.inner.find_membership(tenant, user, organization)).await
    }

    async fn organizations_of(
        &self,
        tenant: &TenantId,
        user: &UserId,
        after: Option<&str>,
        take: usize,
    ) -> Answer<Vec<Membership>> {
        self.timed(StoreVerb::MembershipList, self.inner.organizations_of(tenant, user, after, take)).await
    }

    async fn members_of(
        &self,
        tenant: &TenantId,
        organization: &OrganizationId,
        after: Option<&str>,
        take: usize,
    ) -> Answer<Vec<Membership>> {
        self.timed(StoreVerb::MembershipList, self.inner.members_of(tenant, organization, after, take)).await
    }
}

#[async_trait]
impl ChangeFeed for Metered {
    async fn publish(&self, change: &Change) -> Answer<()> {
        self.timed(StoreVerb::FeedPublish, self.inner.publish(change)).await
    }

    async fn head(&self) -> Answer<Position> {
        self.timed(StoreVerb::FeedHead, self.inner.head()).await
    }

    async fn follow(&self, after: Position, wait_ms: u64, take: usize) -> Answer<Tail> {
        self.timed(StoreVerb::FeedFollow, self.inner.follow(after, wait_ms, take)).await
    }

    async fn recent_revocations(&self) -> Answer<Vec<Change>> {
        self.timed(StoreVerb::FeedRevocations, self.inner.recent_revocations()).await
    }

    fn topology_epoch(&self) -> u64 {
        self.inner.topology_epoch()
    }
}

#[async_trait]
impl AuditLog for Metered {
    async fn append(&self, events: &[LogEvent]) -> Answer<()> {
        self.timed(StoreVerb::AuditAppend, self.inner.append(events)).await
    }

    async fn event(&self, tenant: &TenantId, id: &str) -> Answer<Option<Logged>> {
        self.timed(StoreVerb::AuditRecent, self.inner.event(tenant, id)).await
    }

    async fn since(&self, tenant: &TenantId, after: Option<&str>, take: usize) -> Answer<Vec<Logged>> {
        self.timed(StoreVerb::AuditRecent, self.inner.since(tenant, after, take)).await
    }

    async fn recent(&self, tenant: &TenantId, before: Option<&str>, take: usize) -> Answer<Vec<Logged>> {
        self.timed(StoreVerb::AuditRecent, self.inner.recent(tenant, before, take)).await
    }

    async fn forget_events(&self, tenant: &TenantId, take: usize) -> Answer<bool> {
        self.timed(StoreVerb::AuditForget, self.inner.forget_events(tenant, take)).await
    }
}

#[async_trait]
impl Statistics for Metered {
    async fn days(&self, tenant: &TenantId, from: Day, to: Day) -> Answer<Vec<(Day, Counts)>> {
        self.timed(StoreVerb::StatisticsDays, self.inner.days(tenant, from, to)).await
    }

    async fn active_users(&self, tenant: &TenantId, from: Day, to: Day) -> Answer<u64> {
        self.timed(StoreVerb::StatisticsUsers, self.inner.active_users(tenant, from, to)).await
    }
}
