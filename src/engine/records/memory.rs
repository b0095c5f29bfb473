//! A store in memory with what records need; its other capabilities answer that they are unavailable.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use crate::clock::UnixMs;
use crate::model::change::Change;
use crate::model::family::{Family, NewFamily, Presented, Rotation};
use crate::model::log_event::LogEvent;
use crate::model::membership::Membership;
use crate::model::record::Kind;
use crate::model::session::{Device, End, Ended, Session};
use crate::model::statistics::{Counts, Day};
use crate::protocol::ids::{FamilyKey, OrganizationId, SessionId, TenantId, UserId};
use crate::store::audit_log::Logged;
use crate::store::change_feed::{Position, Tail};
use crate::store::counters::{Count, Counted, Draw, Drawn, Limit, Rate, Subject};
use crate::store::families::Started;
use crate::store::identifiers::Claim;
use crate::store::records::{Cut, Expect, Page, RecordKey, Stored, Written};
use crate::store::spends::{Spent, Thing};
use crate::store::{
    AuditLog, ChangeFeed, Counters, Families, Health, Identifiers, Memberships, Records, Sessions, Spends,
    Statistics, StoreError,
};

type DocumentKey = (TenantId, Kind, String);

/// Documents, names and memberships behind locks; every call yields first, so that callers interleave.
#[derive(Default)]
pub(crate) struct Memory {
    documents: Mutex<BTreeMap<DocumentKey, Stored>>,
    names: Mutex<BTreeMap<(TenantId, String), String>>,
    members: Mutex<BTreeMap<(TenantId, UserId, OrganizationId), Membership>>,
    pub(crate) changes: Mutex<Vec<Change>>,
    /// Whether credentials cannot be written.
    pub(crate) refuses_credentials: AtomicBool,
}

impl Memory {
    /// How many changes were published so far.
    pub(crate) fn published(&self) -> usize {
        self.changes.lock().unwrap().len()
    }
}

fn absent<T>() -> Result<T, StoreError> {
    Err(StoreError::Unavailable("not kept in memory".to_owned()))
}

fn document_key(key: &RecordKey) -> DocumentKey {
    (key.tenant.clone(), key.kind, key.id.clone())
}

#[async_trait::async_trait]
impl Records for Memory {
    async fn read(&self, key: &RecordKey) -> Result<Option<Stored>, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.documents.lock().unwrap().get(&document_key(key)).cloned())
    }

    async fn write(&self, key: &RecordKey, document: Bytes, expect: Expect) -> Result<Written, StoreError> {
        tokio::task::yield_now().await;
        if key.kind == Kind::Credential && self.refuses_credentials.load(Ordering::SeqCst) {
            return absent();
        }
        let mut documents = self.documents.lock().unwrap();
        let found = documents.get(&document_key(key)).map(|stored| stored.version);
        let fits = match expect {
            Expect::Absent => found.is_none(),
            Expect::Anything => true,
            Expect::Version(version) => found == Some(version),
        };
        if !fits {
            return Ok(Written::Conflict { found });
        }
        let version = found.unwrap_or_default() + 1;
        documents.insert(document_key(key), Stored { version, document });
        Ok(Written::Written { version })
    }

    async fn remove(&self, key: &RecordKey) -> Result<bool, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.documents.lock().unwrap().remove(&document_key(key)).is_some())
    }

    async fn page(
        &self,
        tenant: &TenantId,
        kind: Kind,
        after: Option<&str>,
        take: usize,
    ) -> Result<Page, StoreError> {
        let documents = self.documents.lock().unwrap();
        let ours = documents.iter().filter(|((t, k, id), _)| {
            t == tenant && *k == kind && after.is_none_or(|after| id.as_str() > after)
        });
        let items: Vec<_> =
            ours.take(take).map(|((_, _, id), stored)| (id.clone(), stored.clone())).collect();
        let next = items.last().filter(|_| items.len() == take).map(|(id, _)| id.clone());
        Ok(Page { items, next })
    }

    async fn page_by(
        &self,
        tenant: &TenantId,
        kind: Kind,
        cut: &Cut,
        take: usize,
    ) -> Result<Page, StoreError> {
        let documents = self.documents.lock().unwrap();
        let ours = documents.iter().filter(|((t, k, _), _)| t == tenant && *k == kind);
        Ok(Page::cut(ours.map(|((_, _, id), stored)| (id, stored)), kind, cut, take))
    }

    async fn count(&self, tenant: &TenantId, kind: Kind) -> Result<u64, StoreError> {
        let documents = self.documents.lock().unwrap();
        Ok(documents.keys().filter(|(t, k, _)| t == tenant && *k == kind).count() as u64)
    }
}

#[async_trait::async_trait]
impl Identifiers for Memory {
    async fn claim(&self, tenant: &TenantId, name: &str, owner: &str, _: u64) -> Result<Claim, StoreError> {
        tokio::task::yield_now().await;
        let mut names = self.names.lock().unwrap();
        let by = names.entry((tenant.clone(), name.to_owned())).or_insert_with(|| owner.to_owned());
        Ok(if by == owner { Claim::Held } else { Claim::Taken { by: by.clone() } })
    }

    async fn confirm(&self, tenant: &TenantId, name: &str, owner: &str) -> Result<bool, StoreError> {
        Ok(self.resolve(tenant, name).await?.as_deref() == Some(owner))
    }

    async fn release(&self, tenant: &TenantId, name: &str, owner: &str) -> Result<bool, StoreError> {
        let key = (tenant.clone(), name.to_owned());
        let mut names = self.names.lock().unwrap();
        let ours = names.get(&key).is_some_and(|by| by == owner);
        if ours {
            names.remove(&key);
        }
        Ok(ours)
    }

    async fn resolve(&self, tenant: &TenantId, name: &str) -> Result<Option<String>, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.names.lock().unwrap().get(&(tenant.clone(), name.to_owned())).cloned())
    }
}

#[async_trait::async_trait]
impl Memberships for Memory {
    async fn join(&self, membership: &Membership) -> Result<bool, StoreError> {
        let Membership { tenant, user, organization, .. } = membership.clone();
        Ok(self.members.lock().unwrap().insert((tenant, user, organization), membership.clone()).is_none())
    }

    async fn leave(&self, _: &TenantId, _: &UserId, _: &OrganizationId) -> Result<bool, StoreError> {
        absent()
    }

    async fn find_membership(
        &self,
        tenant: &TenantId,
        user: &UserId,
        organization: &OrganizationId,
    ) -> Result<Option<Membership>, StoreError> {
        let key = (tenant.clone(), user.clone(), organization.clone());
        Ok(self.members.lock().unwrap().get(&key).cloned())
    }

    async fn organizations_of(
        &self,
        tenant: &TenantId,
        user: &UserId,
        _: Option<&str>,
        _: usize,
    ) -> Result<Vec<Membership>, StoreError> {
        let members = self.members.lock().unwrap();
        Ok(members
            .values()
            .filter(|member| member.tenant == *tenant && member.user == *user)
            .cloned()
            .collect())
    }

    async fn members_of(
        &self,
        _: &TenantId,
        _: &OrganizationId,
        _: Option<&str>,
        _: usize,
    ) -> Result<Vec<Membership>, StoreError> {
        absent()
    }
}

#[async_trait::async_trait]
impl ChangeFeed for Memory {
    async fn publish(&self, change: &Change) -> Result<(), StoreError> {
        self.changes.lock().unwrap().push(change.clone());
        Ok(())
    }

    async fn head(&self) -> Result<Position, StoreError> {
        absent()
    }

    async fn follow(&self, _: Position, _: u64, _: usize) -> Result<Tail, StoreError> {
        absent()
    }

    async fn recent_revocations(&self) -> Result<Vec<Change>, StoreError> {
        absent()
    }

    fn topology_epoch(&self) -> u64 {
        0
    }
}

#[async_trait::async_trait]
impl AuditLog for Memory {
    async fn append(&self, _: &[LogEvent]) -> Result<(), StoreError> {
        absent()
    }

    async fn event(&self, _: &TenantId, _: &str) -> Result<Option<Logged>, StoreError> {
        absent()
    }

    async fn since(&self, _: &TenantId, _: Option<&str>, _: usize) -> Result<Vec<Logged>, StoreError> {
        absent()
    }

    async fn recent(&self, _: &TenantId, _: Option<&str>, _: usize) -> Result<Vec<Logged>, StoreError> {
        absent()
    }

    async fn forget_events(&self, _: &TenantId, _: usize) -> Result<bool, StoreError> {
        Ok(false)
    }
}

#[async_trait::async_trait]
impl Statistics for Memory {
    async fn days(&self, _: &TenantId, _: Day, _: Day) -> Result<Vec<(Day, Counts)>, StoreError> {
        absent()
    }

    async fn active_users(&self, _: &TenantId, _: Day, _: Day) -> Result<u64, StoreError> {
        absent()
    }
}

#[async_trait::async_trait]
impl Families for Memory {
    async fn start(&self, _: SessionId, _: NewFamily, _: UnixMs) -> Result<Started, StoreError> {
        absent()
    }

    async fn rotate(&self, _: Presented) -> Result<Rotation, StoreError> {
        absent()
    }

    async fn current(&self, _: SessionId, _: FamilyKey, _: UnixMs) -> Result<Option<Family>, StoreError> {
        absent()
    }

    async fn ends_at(&self, _: SessionId, _: FamilyKey) -> Result<Option<UnixMs>, StoreError> {
        absent()
    }

    async fn revoke(&self, _: SessionId, _: FamilyKey) -> Result<bool, StoreError> {
        absent()
    }
}

#[async_trait::async_trait]
impl Sessions for Memory {
    async fn open(&self, _: &Session, _: Option<NewFamily>) -> Result<(), StoreError> {
        absent()
    }

    async fn find(&self, _: SessionId, _: UnixMs) -> Result<Option<Session>, StoreError> {
        absent()
    }

    async fn update(&self, _: &Session) -> Result<bool, StoreError> {
        absent()
    }

    async fn touch(&self, _: &Session, _: &Device) -> Result<bool, StoreError> {
        absent()
    }

    async fn remember_client(
        &self,
        _: SessionId,
        _: &crate::protocol::ids::ClientId,
    ) -> Result<bool, StoreError> {
        absent()
    }

    async fn end(&self, _: SessionId, _: End) -> Result<Ended, StoreError> {
        absent()
    }

    async fn families_of(&self, _: SessionId) -> Result<Vec<FamilyKey>, StoreError> {
        absent()
    }

    async fn of_user(&self, _: &TenantId, _: &UserId, _: UnixMs) -> Result<Vec<SessionId>, StoreError> {
        absent()
    }
}

#[async_trait::async_trait]
impl Spends for Memory {
    async fn spend(&self, _: Thing<'_>, _: &[u8]) -> Result<Spent, StoreError> {
        absent()
    }

    async fn is_spent(&self, _: Thing<'_>) -> Result<bool, StoreError> {
        absent()
    }
}

#[async_trait::async_trait]
impl Counters for Memory {
    async fn tally(&self, _: Subject<'_>, _: &str, _: UnixMs, _: Limit) -> Result<Counted, StoreError> {
        absent()
    }

    async fn uncount(&self, _: Subject<'_>, _: &str, _: UnixMs) -> Result<(), StoreError> {
        absent()
    }

    async fn counts(&self, _: Subject<'_>, _: UnixMs) -> Result<Vec<Count>, StoreError> {
        absent()
    }

    async fn forget(&self, _: Subject<'_>, _: Option<&str>, _: UnixMs) -> Result<bool, StoreError> {
        absent()
    }

    async fn draw(&self, _: Subject<'_>, _: UnixMs, _: Rate, _: Draw) -> Result<Drawn, StoreError> {
        absent()
    }
}

#[async_trait::async_trait]
impl Health for Memory {
    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn close(&self) {}
}
