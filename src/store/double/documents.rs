//! Documents, names and memberships of the double.

use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::Double;
use crate::model::membership::Membership;
use crate::model::record::Kind;
use crate::protocol::ids::{OrganizationId, TenantId, UserId};
use crate::store::identifiers::Claim;
use crate::store::records::{Cut, Expect, Page, RecordKey, Stored, Written};
use crate::store::{Identifiers, Memberships, Records, StoreError};

fn at(key: &RecordKey) -> (TenantId, &'static str, String) {
    (key.tenant.clone(), key.kind.tag(), key.id.clone())
}

#[async_trait::async_trait]
impl Records for Double {
    async fn read(&self, key: &RecordKey) -> Result<Option<Stored>, StoreError> {
        // What is read is what stood when the call was made; it may arrive late.
        let found = self.state().documents.get(&at(key)).cloned();
        self.strike().await?;
        Ok(found)
    }

    async fn write(&self, key: &RecordKey, document: Bytes, expect: Expect) -> Result<Written, StoreError> {
        self.strike().await?;
        if key.kind == Kind::Credential && self.refuses_credentials.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("told to refuse credentials".into()));
        }
        let mut state = self.state();
        let found = state.documents.get(&at(key)).map(|stored| stored.version);
        let fits = match expect {
            Expect::Absent => found.is_none(),
            Expect::Anything => true,
            Expect::Version(version) => found == Some(version),
        };
        if !fits {
            return Ok(Written::Conflict { found });
        }
        let version = found.unwrap_or(0) + 1;
        state.documents.insert(at(key), Stored { version, document });
        Ok(Written::Written { version })
    }

    async fn remove(&self, key: &RecordKey) -> Result<bool, StoreError> {
        self.strike().await?;
        Ok(self.state().documents.remove(&at(key)).is_some())
    }

    async fn page(
        &self,
        tenant: &TenantId,
        kind: Kind,
        after: Option<&str>,
        take: usize,
    ) -> Result<Page, StoreError> {
        self.strike().await?;
        let state = self.state();
        let all = state.documents.iter().filter(|((t, k, _), _)| t == tenant && *k == kind.tag());
        let rest = all.filter(|((_, _, id), _)| after.is_none_or(|after| id.as_str() > after));
        let items: Vec<_> =
            rest.take(take).map(|((_, _, id), stored)| (id.clone(), stored.clone())).collect();
        let next = (items.len() == take).then(|| items[take - 1].0.clone());
        Ok(Page { items, next })
    }

    async fn page_by(
        &self,
        tenant: &TenantId,
        kind: Kind,
        cut: &Cut,
        take: usize,
    ) -> Result<Page, StoreError> {
        self.strike().await?;
        let state = self.state();
        let all = state.documents.iter().filter(|((t, k, _), _)| t == tenant && *k == kind.tag());
        Ok(Page::cut(all.map(|((_, _, id), stored)| (id, stored)), kind, cut, take))
    }

    async fn count(&self, tenant: &TenantId, kind: Kind) -> Result<u64, StoreError> {
        self.strike().await?;
        Ok(self.state().documents.keys().filter(|(t, k, _)| t == tenant && *k == kind.tag()).count() as u64)
    }
}

#[async_trait::async_trait]
impl Identifiers for Double {
    async fn claim(&self, tenant: &TenantId, name: &str, owner: &str, _: u64) -> Result<Claim, StoreError> {
        self.strike().await?;
        let mut state = self.state();
        let holder = state.names.entry((tenant.clone(), name.to_owned())).or_insert_with(|| owner.to_owned());
        Ok(if holder == owner { Claim::Held } else { Claim::Taken { by: holder.clone() } })
    }

    async fn confirm(&self, tenant: &TenantId, name: &str, owner: &str) -> Result<bool, StoreError> {
        Ok(self.resolve(tenant, name).await?.is_some_and(|holder| holder == owner))
    }

    async fn release(&self, tenant: &TenantId, name: &str, owner: &str) -> Result<bool, StoreError> {
        let held = self.confirm(tenant, name, owner).await?;
        if held {
            self.state().names.remove(&(tenant.clone(), name.to_owned()));
        }
        Ok(held)
    }

    async fn resolve(&self, tenant: &TenantId, name: &str) -> Result<Option<String>, StoreError> {
        self.strike().await?;
        Ok(self.state().names.get(&(tenant.clone(), name.to_owned())).cloned())
    }
}

#[async_trait::async_trait]
impl Memberships for Double {
    async fn join(&self, membership: &Membership) -> Result<bool, StoreError> {
        self.strike().await?;
        let key = (membership.tenant.clone(), membership.user.clone(), membership.organization.clone());
        Ok(self.state().memberships.insert(key, membership.clone()).is_none())
    }

    async fn leave(
        &self,
        tenant: &TenantId,
        user: &UserId,
        organization: &OrganizationId,
    ) -> Result<bool, StoreError> {
        self.strike().await?;
        let key = (tenant.clone(), user.clone(), organization.clone());
        Ok(self.state().memberships.remove(&key).is_some())
    }

    async fn find_membership(
        &self,
        tenant: &TenantId,
        user: &UserId,
        organization: &OrganizationId,
    ) -> Result<Option<Membership>, StoreError> {
        let key = (tenant.clone(), user.clone(), organization.clone());
        let found = self.state().memberships.get(&key).cloned();
        self.strike().await?;
        Ok(found)
    }

    async fn organizations_of(
        &self,
        tenant: &TenantId,
        user: &UserId,
        after: Option<&str>,
        take: usize,
    ) -> Result<Vec<Membership>, StoreError> {
        self.strike().await?;
        let state = self.state();
        let own = state.memberships.values().filter(|m| m.tenant == *tenant && m.user == *user);
        let rest = own.filter(|m| after.is_none_or(|after| m.organization.as_str() > after));
        Ok(rest.take(take).cloned().collect())
    }

    async fn members_of(
        &self,
        tenant: &TenantId,
        organization: &OrganizationId,
        after: Option<&str>,
        take: usize,
    ) -> Result<Vec<Membership>, StoreError> {
        self.strike().await?;
        let state = self.state();
        let own =
            state.memberships.values().filter(|m| m.tenant == *tenant && m.organization == *organization);
        let rest = own.filter(|m| after.is_none_or(|after| m.user.as_str() > after));
        Ok(rest.take(take).cloned().collect())
    }
}
