//! Memberships: the user's side decides, the organization's side lists.
//!
//! Joining writes the user's side first and leaving clears it last, so whoever is a member can be found from the
//! user at any moment; what the organization's side says beyond that is not believed.

use std::collections::HashMap;

use bytes::Bytes;
use fred::types::Key;
use futures_util::future::try_join_all;

use super::Cluster;
use super::ask::Ask;
use super::functions::Verb;
use crate::model::membership::Membership;
use crate::protocol::ids::{OrganizationId, RoleId, TenantId, UserId};
use crate::store::StoreError;
use crate::store::memberships::Memberships;

#[async_trait::async_trait]
impl Memberships for Cluster {
    async fn join(&self, membership: &Membership) -> Result<bool, StoreError> {
        let Membership { tenant, user, organization, roles } = membership;
        let roles = postcard::to_stdvec(roles).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let ask = Ask::verb_on_two(Verb::Join, self.sides_of(tenant, user))
            .with(organization.as_str())
            .bytes(&roles);
        let added: i64 = self.careful(ask).await?;
        let ask = Ask::verb(Verb::List, self.keys.members(tenant, organization)).with(user.as_str());
        self.careful::<i64>(ask).await?;
        Ok(added == 1)
    }

    async fn leave(
        &self,
        tenant: &TenantId,
        user: &UserId,
        organization: &OrganizationId,
    ) -> Result<bool, StoreError> {
        let ask = Ask::verb(Verb::Unlist, self.keys.members(tenant, organization)).with(user.as_str());
        self.careful::<i64>(ask).await?;
        let ask = Ask::verb_on_two(Verb::Leave, self.sides_of(tenant, user)).with(organization.as_str());
        self.careful::<i64>(ask).await.map(|left| left == 1)
    }

    async fn find_membership(
        &self,
        tenant: &TenantId,
        user: &UserId,
        organization: &OrganizationId,
    ) -> Result<Option<Membership>, StoreError> {
        let ask = Ask::plain("HGET", self.keys.memberships(tenant, user)).with(organization.as_str());
        let roles: Option<Bytes> = self.read(ask).await?;
        roles.map(|roles| membership(tenant, user, organization, &roles)).transpose()
    }

    async fn organizations_of(
        &self,
        tenant: &TenantId,
        user: &UserId,
        after: Option<&str>,
        take: usize,
    ) -> Result<Vec<Membership>, StoreError> {
        let from = after.map_or_else(|| "-".to_owned(), |after| format!("({after}"));
        let ask = Ask::verb_on_two(Verb::Joined, self.sides_of(tenant, user)).with(from);
        let all: HashMap<String, Bytes> =
            self.read_list(ask.number(u64::try_from(take).unwrap_or(u64::MAX))).await?;
        let mut all: Vec<_> =
            all.into_iter().filter(|(id, _)| after.is_none_or(|after| id.as_str() > after)).collect();
        all.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        all.truncate(take);
        all.into_iter()
            .map(|(id, roles)| membership(tenant, user, &OrganizationId::from(id), &roles))
            .collect()
    }

    async fn members_of(
        &self,
        tenant: &TenantId,
        organization: &OrganizationId,
        after: Option<&str>,
        take: usize,
    ) -> Result<Vec<Membership>, StoreError> {
        let key = self.keys.members(tenant, organization);
        let mut members = Vec::new();
        let mut after = after.map(str::to_owned);
        while members.len() < take {
            let wanted = take - members.len();
            let users = self.ids_after(key.clone(), after.as_deref(), wanted).await?;
            let Some(last) = users.last() else { break };
            after = Some(last.clone());
            let ended = users.len() < wanted;
            let users: Vec<_> = users.into_iter().map(UserId::from).collect();
            let found =
                try_join_all(users.iter().map(|user| self.find_membership(tenant, user, organization)))
                    .await?;
            members.extend(found.into_iter().flatten());
            if ended {
                break;
            }
        }
        Ok(members)
    }
}

impl Cluster {
    /// The roles of a user by organization, and the list of organizations if they are many.
    fn sides_of(&self, tenant: &TenantId, user: &UserId) -> [Key; 2] {
        [self.keys.memberships(tenant, user), self.keys.joined(tenant, user)]
    }
}

fn membership(
    tenant: &TenantId,
    user: &UserId,
    organization: &OrganizationId,
    roles: &[u8],
) -> Result<Membership, StoreError> {
    let roles: Vec<RoleId> = postcard::from_bytes(roles).map_err(|error| {
        StoreError::Corrupt(format!("the membership of {user} in {organization}: {error}"))
    })?;
    Ok(Membership { tenant: tenant.clone(), user: user.clone(), organization: organization.clone(), roles })
}
