//! Memberships: the roles are kept on both sides, so that either list is one walk.

use async_trait::async_trait;

use super::batch::{decoded, encoded};
use super::disk::Space;
use super::records::text;
use super::{Embedded, keys};
use crate::model::membership::Membership;
use crate::protocol::ids::{OrganizationId, TenantId, UserId};
use crate::store::{Memberships, StoreError};

#[async_trait]
impl Memberships for Embedded {
    async fn join(&self, membership: &Membership) -> Result<bool, StoreError> {
        let Membership { tenant, user, organization, roles } = membership;
        let key = keys::membership(tenant, user, organization);
        let member = keys::member(tenant, organization, user);
        let roles = encoded(roles)?;
        self.write(move |batch| {
            let new = batch.get(Space::Kept, &key)?.is_none();
            batch.put(Space::Kept, key, roles.as_slice())?;
            batch.put(Space::Kept, member, roles)?;
            Ok(new)
        })
        .await
    }

    async fn leave(
        &self,
        tenant: &TenantId,
        user: &UserId,
        organization: &OrganizationId,
    ) -> Result<bool, StoreError> {
        let key = keys::membership(tenant, user, organization);
        let member = keys::member(tenant, organization, user);
        self.write(move |batch| {
            let was = batch.get(Space::Kept, &key)?.is_some();
            if was {
                batch.remove(Space::Kept, key);
                batch.remove(Space::Kept, member);
            }
            Ok(was)
        })
        .await
    }

    async fn find_membership(
        &self,
        tenant: &TenantId,
        user: &UserId,
        organization: &OrganizationId,
    ) -> Result<Option<Membership>, StoreError> {
        let roles = self.disk()?.get(Space::Kept, &keys::membership(tenant, user, organization))?;
        roles.map(|roles| membership(tenant, user.clone(), organization.clone(), &roles)).transpose()
    }

    async fn organizations_of(
        &self,
        tenant: &TenantId,
        user: &UserId,
        after: Option<&str>,
        take: usize,
    ) -> Result<Vec<Membership>, StoreError> {
        let prefix = keys::memberships_of(tenant, user);
        let after = after.map(|after| [prefix.as_slice(), after.as_bytes()].concat()).unwrap_or_default();
        let entries = self.disk()?.page(Space::Kept, &prefix, &after, take)?;
        let found = entries.iter().map(|(key, roles)| {
            membership(tenant, user.clone(), OrganizationId::from(text(&key[prefix.len()..])?), roles)
        });
        found.collect()
    }

    async fn members_of(
        &self,
        tenant: &TenantId,
        organization: &OrganizationId,
        after: Option<&str>,
        take: usize,
    ) -> Result<Vec<Membership>, StoreError> {
        let prefix = keys::members_of(tenant, organization);
        let after = after.map(|after| [prefix.as_slice(), after.as_bytes()].concat()).unwrap_or_default();
        let entries = self.disk()?.page(Space::Kept, &prefix, &after, take)?;
        let found = entries.iter().map(|(key, roles)| {
            membership(tenant, UserId::from(text(&key[prefix.len()..])?), organization.clone(), roles)
        });
        found.collect()
    }
}

fn membership(
    tenant: &TenantId,
    user: UserId,
    organization: OrganizationId,
    roles: &[u8],
) -> Result<Membership, StoreError> {
    Ok(Membership { tenant: tenant.clone(), user, organization, roles: decoded(roles)? })
}
