//! A store that answers at once: every rotation succeeds, everybody is a member, nothing else is there.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jeton::clock::UnixMs;
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

type Answer<T> = Result<T, StoreError>;

/// The store.
pub(crate) struct Instant;

impl Instant {
    /// Behind a pointer, as everybody takes it.
    pub(crate) fn shared() -> SharedStore {
        Arc::new(Self)
    }
}

#[async_trait]
impl Families for Instant {
    async fn start(&self, _: SessionId, _: NewFamily, _: UnixMs) -> Answer<Started> {
        Ok(Started::Started)
    }
    async fn rotate(&self, asked: Presented) -> Answer<Rotation> {
        Ok(Rotation::Rotated { generation: asked.generation + 1 })
    }
    async fn current(&self, _: SessionId, _: FamilyKey, _: UnixMs) -> Answer<Option<Family>> {
        Ok(None)
    }
    async fn ends_at(&self, _: SessionId, _: FamilyKey) -> Answer<Option<UnixMs>> {
        Ok(None)
    }
    async fn revoke(&self, _: SessionId, _: FamilyKey) -> Answer<bool> {
        Ok(false)
    }
}

#[async_trait]
impl Memberships for Instant {
    async fn join(&self, _: &Membership) -> Answer<bool> {
        Ok(true)
    }
    async fn leave(&self, _: &TenantId, _: &UserId, _: &OrganizationId) -> Answer<bool> {
        Ok(true)
    }
    async fn find_membership(
        &self,
        tenant: &TenantId,
        user: &UserId,
        organization: &OrganizationId,
    ) -> Answer<Option<Membership>> {
        let (tenant, user, organization) = (tenant.clone(), user.clone(), organization.clone());
        Ok(Some(Membership { tenant, user, organization, roles: Vec::new() }))
    }
    async fn organizations_of(
        &self,
        _: &TenantId,
        _: &UserId,
        _: Option<&str>,
        _: usize,
    ) -> Answer<Vec<Membership>> {
        Ok(Vec::new())
    }
    async fn members_of(
        &self,
        _: &TenantId,
        _: &OrganizationId,
        _: Option<&str>,
        _: usize,
    ) -> Answer<Vec<Membership>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Records for Instant {
    async fn read(&self, _: &RecordKey) -> Answer<Option<Stored>> {
        Ok(None)
    }
    async fn write(&self, _: &RecordKey, _: Bytes, _: Expect) -> Answer<Written> {
        Ok(Written::Conflict { found: None })
    }
    async fn remove(&self, _: &RecordKey) -> Answer<bool> {
        Ok(false)
    }
    async fn page(&self, _: &TenantId, _: Kind, _: Option<&str>, _: usize) -> Answer<Page> {
        Ok(Page::default())
    }
    async fn page_by(&self, _: &TenantId, _: Kind, _: &Cut, _: usize) -> Answer<Page> {
        Ok(Page::default())
    }
    async fn count(&self, _: &TenantId, _: Kind) -> Answer<u64> {
        Ok(0)
    }
}

#[async_trait]
impl Identifiers for Instant {
    async fn claim(&self, _: &TenantId, _: &str, _: &str, _: u64) -> Answer<Claim> {
        Ok(Claim::Held)
    }
    async fn confirm(&self, _: &TenantId, _: &str, _: &str) -> Answer<bool> {
        Ok(true)
    }
    async fn release(&self, _: &TenantId, _: &str, _: &str) -> Answer<bool> {
        Ok(true)
    }
    async fn resolve(&self, _: &TenantId, _: &str) -> Answer<Option<String>> {
        Ok(None)
    }
}

#[async_trait]
impl Sessions for Instant {
    async fn open(&self, _: &Session, _: Option<NewFamily>) -> Answer<()> {
        Ok(())
    }
    async fn find(&self, _: SessionId, _: UnixMs) -> Answer<Option<Session>> {
        Ok(None)
    }
    async fn update(&self, _: &Session) -> Answer<bool> {
        Ok(false)
    }
    async fn touch(&self, _: &Session, _: &Device) -> Answer<bool> {
        Ok(true)
    }
    async fn remember_client(&self, _: SessionId, _: &jeton::protocol::ids::ClientId) -> Answer<bool> {
        Ok(true)
    }
    async fn end(&self, _: SessionId, _: End) -> Answer<Ended> {
        Ok(Ended::Unknown)
    }
    async fn families_of(&self, _: SessionId) -> Answer<Vec<FamilyKey>> {
        Ok(Vec::new())
    }
    async fn of_user(&self, _: &TenantId, _: &UserId, _: UnixMs) -> Answer<Vec<SessionId>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Jobs for Instant {
    async fn keep_job(&self, _: &TenantId, _: &str, _: Bytes, _: UnixMs) -> Answer<()> {
        Ok(())
    }
    async fn find_job(&self, _: &TenantId, _: &str) -> Answer<Option<Bytes>> {
        Ok(None)
    }
}

#[async_trait]
impl Spends for Instant {
    async fn spend(&self, _: Thing<'_>, _: &[u8]) -> Answer<Spent> {
        Ok(Spent::First)
    }

    async fn redeem(&self, _: Redeeming<'_>) -> Answer<Redeemed> {
        Ok(Redeemed::First)
    }

    async fn is_spent(&self, _: Thing<'_>) -> Answer<bool> {
        Ok(false)
    }
}

#[async_trait]
impl Counters for Instant {
    async fn tally(&self, _: Subject<'_>, _: &str, _: UnixMs, _: Limit) -> Answer<Counted> {
        Ok(Counted::Over)
    }
    async fn uncount(&self, _: Subject<'_>, _: &str, _: UnixMs) -> Answer<()> {
        Ok(())
    }
    async fn counts(&self, _: Subject<'_>, _: UnixMs) -> Answer<Vec<Count>> {
        Ok(Vec::new())
    }
    async fn forget(&self, _: Subject<'_>, _: Option<&str>, _: UnixMs) -> Answer<bool> {
        Ok(false)
    }
    async fn draw(&self, _: Subject<'_>, _: UnixMs, _: Rate, _: Draw) -> Answer<Drawn> {
        Ok(Drawn::Had)
    }
}

#[async_trait]
impl AuditLog for Instant {
    async fn append(&self, _: &[LogEvent]) -> Answer<()> {
        Ok(())
    }
    async fn event(&self, _: &TenantId, _: &str) -> Answer<Option<Logged>> {
        Ok(None)
    }
    async fn since(&self, _: &TenantId, _: Option<&str>, _: usize) -> Answer<Vec<Logged>> {
        Ok(Vec::new())
    }
    async fn recent(&self, _: &TenantId, _: Option<&str>, _: usize) -> Answer<Vec<Logged>> {
        Ok(Vec::new())
    }
    async fn forget_events(&self, _: &TenantId, _: usize) -> Answer<bool> {
        Ok(false)
    }
}

#[async_trait]
impl Statistics for Instant {
    async fn days(&self, _: &TenantId, _: Day, _: Day) -> Answer<Vec<(Day, Counts)>> {
        Ok(Vec::new())
    }
    async fn active_users(&self, _: &TenantId, _: Day, _: Day) -> Answer<u64> {
        Ok(0)
    }
}

#[async_trait]
impl ChangeFeed for Instant {
    async fn publish(&self, _: &Change) -> Answer<()> {
        Ok(())
    }
    async fn head(&self) -> Answer<Position> {
        Ok(Position::default())
    }
    async fn follow(&self, _: Position, wait_ms: u64, _: usize) -> Answer<Tail> {
        tokio::time::sleep(std::time::Duration::from_millis(wait_ms)).await;
        Ok(Tail::Entries(Vec::new()))
    }
    async fn recent_revocations(&self) -> Answer<Vec<Change>> {
        Ok(Vec::new())
    }
    fn topology_epoch(&self) -> u64 {
        0
    }
}

#[async_trait]
impl Health for Instant {
    async fn ping(&self) -> Answer<()> {
        Ok(())
    }
    async fn close(&self) {}
}
