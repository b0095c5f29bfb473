//! Client grants: scopes that exist at a resource server that exists, for a client that exists.

use serde::Deserialize;

use crate::engine::records::flaws::Flaws;
use crate::engine::records::references::{NoApi, NoScope, Place};
use crate::engine::records::{Mode, Put, Refusal, Registrar, mint, overlay};
use crate::model::client::{Client, OrganizationUsage};
use crate::model::client_grant::ClientGrant;
use crate::model::resource_server::ResourceServer;
use crate::model::tenant::Tenant;
use crate::protocol::ids::{Audience, ClientId, OrganizationId};
use crate::protocol::scope::ScopeList;

/// A client grant to create or change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of model::client_grant::ClientGrant")]
pub struct ClientGrantDraft {
    pub id: Option<String>,
    pub client_id: String,
    pub audience: String,
    pub scope: Option<ScopeList>,
    pub organization_usage: Option<OrganizationUsage>,
    pub allow_any_organization: Option<bool>,
    /// Ids or names.
    pub organizations: Option<Vec<String>>,
}

impl Registrar {
    /// Checks and saves a client grant; it is known by its client and audience.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was saved.
    pub async fn put_client_grant(
        &self,
        tenant: &Tenant,
        mut draft: ClientGrantDraft,
        mode: Mode,
    ) -> Result<Put<ClientGrant>, Refusal> {
        let client = ClientId::from(draft.client_id.as_str());
        let audience = Audience::from(draft.audience.as_str());
        let key = ClientGrant::record_id(&client, &audience);
        let before = self.standing::<ClientGrant>(tenant, mode, Some(&key), &[]).await?;
        let base = match &before {
            Some(before) => before.record.clone(),
            None => fresh(tenant, self.new_id("cgr_", draft.id.as_deref())?, client, audience),
        };
        let organizations = match draft.organizations.take() {
            Some(given) => self.organization_ids(tenant, &given).await?,
            None => base.organizations.clone(),
        };
        let after = ClientGrant { organizations, ..overlaid(draft, base) };
        check(&after)?;
        self.check_ends(tenant, &after).await?;
        self.settle(before, after).await
    }

    async fn organization_ids(
        &self,
        tenant: &Tenant,
        given: &[String],
    ) -> Result<Vec<OrganizationId>, Refusal> {
        let mut flaws = Flaws::default();
        let mut ids = Vec::with_capacity(given.len());
        for (at, text) in given.iter().enumerate() {
            let found = self.organization(tenant, text).await?;
            flaws.require(
                found.is_some(),
                Place("organizations", at),
                format_args!("there is no organization {text:?}"),
            );
            ids.extend(found.map(|found| found.id));
        }
        flaws.unique("organizations", ids.iter(), 1000);
        flaws.verdict().map(|()| ids)
    }

    /// Both ends of the grant exist, and what it grants exists at its end.
    async fn check_ends(&self, tenant: &Tenant, grant: &ClientGrant) -> Result<(), Refusal> {
        let mut flaws = Flaws::default();
        let client = self.catalog.find::<Client>(&tenant.id, grant.client_id.as_str()).await?;
        flaws.require(
            client.is_some(),
            "client_id",
            format_args!("there is no client {:?}", grant.client_id),
        );
        let audience = grant.audience.as_str();
        let api = self.catalog.find::<ResourceServer>(&tenant.id, audience).await?;
        flaws.require(api.is_some(), "audience", NoApi(audience));
        if let Some(api) = api {
            for (at, token) in grant.scope.iter().enumerate() {
                flaws.require(api.record.knows(token), Place("scope", at), NoScope(audience, token));
            }
        }
        flaws.verdict()
    }
}

fn fresh(tenant: &Tenant, id: String, client_id: ClientId, audience: Audience) -> ClientGrant {
    ClientGrant {
        tenant: tenant.id.clone(),
        id,
        client_id,
        audience,
        scope: ScopeList::default(),
        organization_usage: OrganizationUsage::Deny,
        allow_any_organization: false,
        organizations: Vec::new(),
    }
}

fn overlaid(draft: ClientGrantDraft, mut grant: ClientGrant) -> ClientGrant {
    overlay!(draft => grant; id, scope, organization_usage, allow_any_organization);
    grant
}

fn check(grant: &ClientGrant) -> Result<(), Refusal> {
    let mut flaws = Flaws::default();
    flaws.require(
        mint::is_prefixed(&grant.id, "cgr_"),
        "id",
        "expected cgr_ and 1 to 64 letters, digits, _ or -",
    );
    flaws.unique("scope", grant.scope.iter(), 1000);
    let denied = grant.organization_usage == OrganizationUsage::Deny;
    flaws.require(
        !denied || (!grant.allow_any_organization && grant.organizations.is_empty()),
        "organization_usage",
        "expected allow or require for a grant that names organizations",
    );
    flaws.verdict()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::records::Outcome;
    use crate::engine::records::world::{World, drafted, paths};

    async fn with_ends() -> World {
        let world = World::start().await;
        world.api(json!({"identifier": "https://a", "scopes": [{"value": "read:a"}]})).await;
        world.client(json!({"client_id": "job", "name": "Job", "app_type": "non_interactive"})).await;
        world.organization(json!({"id": "org_1", "name": "acme"})).await;
        world
    }

    #[tokio::test]
    async fn there_is_one_grant_per_client_and_audience() {
        let world = with_ends().await;
        let draft = json!({"client_id": "job", "audience": "https://a", "scope": ["read:a"],
            "organization_usage": "require", "organizations": ["acme"]});
        let put = |draft, mode| world.registrar.put_client_grant(&world.tenant, drafted(draft), mode);
        let made = put(draft.clone(), Mode::Import).await.unwrap();
        assert_eq!(made.record.organizations, [OrganizationId::from("org_1")]);
        let again = put(draft.clone(), Mode::Import).await.unwrap();
        assert_eq!((again.outcome, again.record.id), (Outcome::Unchanged, made.record.id));
        assert!(matches!(put(draft, Mode::Create).await, Err(Refusal::Exists)));
    }

    #[tokio::test]
    async fn each_bad_field_is_named() {
        let world = with_ends().await;
        for (bad, path) in [
            (json!({"client_id": "nobody"}), "client_id"),
            (json!({"audience": "https://nowhere"}), "audience"),
            (json!({"scope": ["read:a", "read:b"]}), "scope[1]"),
            (json!({"scope": ["read:a", "read:a"]}), "scope[1]"),
            (json!({"id": "x"}), "id"),
            (
                json!({"organizations": ["acme", "nowhere"], "organization_usage": "allow"}),
                "organizations[1]",
            ),
            (json!({"organizations": ["acme", "org_1"], "organization_usage": "allow"}), "organizations[1]"),
            (json!({"organizations": ["acme"]}), "organization_usage"),
            (json!({"allow_any_organization": true}), "organization_usage"),
        ] {
            let mut draft = json!({"client_id": "job", "audience": "https://a"});
            draft.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
            let put = world.registrar.put_client_grant(&world.tenant, drafted(draft), Mode::Import).await;
            let refusal = put.unwrap_err();
            assert!(paths(&refusal).iter().any(|found| found == path), "{path}: {refusal}");
        }
    }
}
