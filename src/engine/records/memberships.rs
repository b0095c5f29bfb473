//! Memberships: a user that exists, in an organization that exists, with roles that exist.

use serde::Deserialize;

use crate::engine::records::flaws::Flaws;
use crate::engine::records::{Mode, Outcome, Put, Refusal, Registrar, admit};
use crate::model::change::Change;
use crate::model::membership::Membership;
use crate::model::tenant::Tenant;

/// A membership to create or change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembershipDraft {
    /// Its id or name.
    pub organization: String,
    /// Its id, or its address in the tenant's default connection.
    pub user: String,
    /// Ids or names of the roles held inside this organization; none when absent, and unchanged when absent from
    /// a change.
    pub roles: Option<Vec<String>>,
}

impl Registrar {
    /// Checks and saves a membership.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was saved.
    pub async fn put_membership(
        &self,
        tenant: &Tenant,
        draft: MembershipDraft,
        mode: Mode,
    ) -> Result<Put<Membership>, Refusal> {
        let organization = self.organization(tenant, &draft.organization).await?;
        let user = self.user(tenant, &draft.user).await?;
        let mut flaws = Flaws::default();
        let (absent, nobody) = (&draft.organization, &draft.user);
        flaws.require(
            organization.is_some(),
            "organization",
            format_args!("there is no organization {absent:?}"),
        );
        flaws.require(user.is_some(), "user", format_args!("there is no user {nobody:?}"));
        flaws.verdict()?;
        let (Some(organization), Some(user)) = (organization, user) else { return Err(Refusal::Missing) };
        let found = self.catalog.store().find_membership(&tenant.id, &user.user_id, &organization.id).await?;
        let before = admit(mode, found)?;
        let roles = match &draft.roles {
            Some(given) => self.role_ids(tenant, given).await?,
            None => before.as_ref().map(|before| before.roles.clone()).unwrap_or_default(),
        };
        let tenant = tenant.id.clone();
        let after = Membership { tenant, user: user.user_id, organization: organization.id, roles };
        self.join(before.as_ref(), after).await
    }

    async fn join(&self, before: Option<&Membership>, after: Membership) -> Result<Put<Membership>, Refusal> {
        let outcome = match before {
            None => Outcome::Created,
            Some(before) if *before == after => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
        };
        if outcome != Outcome::Unchanged {
            self.catalog.store().join(&after).await?;
            let Membership { tenant, user, organization, .. } = after.clone();
            self.catalog.store().publish(&Change::Membership { tenant, user, organization }).await?;
        }
        Ok(Put { record: after, outcome, secret: None })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::records::world::{World, drafted, paths};

    #[tokio::test]
    async fn a_member_joins_once_and_roles_change() {
        let world = World::start().await;
        world.organization(json!({"id": "org_1", "name": "acme"})).await;
        let role = world.role(json!({"name": "admin"})).await.record.id;
        let user = world.user(json!({"email": "ada@example.com"})).await.record.user_id;
        let put = |draft, mode| world.registrar.put_membership(&world.tenant, drafted(draft), mode);
        let draft = json!({"organization": "acme", "user": "Ada@example.com", "roles": ["admin"]});
        let made = put(draft.clone(), Mode::Import).await.unwrap();
        assert_eq!(
            (made.outcome, &made.record.user, &made.record.roles[..]),
            (Outcome::Created, &user, &[role][..])
        );
        assert_eq!(put(draft.clone(), Mode::Import).await.unwrap().outcome, Outcome::Unchanged);
        assert!(matches!(put(draft, Mode::Create).await, Err(Refusal::Exists)));
        let changed =
            put(json!({"organization": "org_1", "user": user, "roles": []}), Mode::Update).await.unwrap();
        assert!(changed.record.roles.is_empty() && changed.outcome == Outcome::Updated);
    }

    #[tokio::test]
    async fn each_bad_reference_is_named() {
        let world = World::start().await;
        world.organization(json!({"id": "org_1", "name": "acme"})).await;
        world.user(json!({"email": "ada@example.com"})).await;
        for (draft, path) in [
            (json!({"organization": "nowhere", "user": "ada@example.com"}), "organization"),
            (json!({"organization": "acme", "user": "nobody@example.com"}), "user"),
            (json!({"organization": "acme", "user": "ada@example.com", "roles": ["nothing"]}), "roles[0]"),
        ] {
            let put = world.registrar.put_membership(&world.tenant, drafted(draft), Mode::Import).await;
            assert_eq!(paths(&put.unwrap_err()), [path]);
        }
    }
}
