//! Organizations: a unique name in Auth0's alphabet, branding, metadata.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::engine::records::branding::{self, OF_ORGANIZATION};
use crate::engine::records::enabled_connections::EnabledDraft;
use crate::engine::records::flaws::Flaws;
use crate::engine::records::{Mode, Put, Refusal, Registrar, mint, overlay};
use crate::model::branding::Branding;
use crate::model::organization::Organization;
use crate::model::tenant::Tenant;
use crate::protocol::ids::OrganizationId;

/// An organization to create or change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of model::organization::Organization")]
pub struct OrganizationDraft {
    pub id: Option<String>,
    pub name: Option<String>,
    pub display_name: Option<String>,
    pub branding: Option<Map<String, Value>>,
    pub metadata: Option<BTreeMap<String, String>>,
    pub enabled_connections: Option<Vec<EnabledDraft>>,
}

impl Registrar {
    /// Checks and saves an organization.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was saved.
    pub async fn put_organization(
        &self,
        tenant: &Tenant,
        draft: OrganizationDraft,
        mode: Mode,
    ) -> Result<Put<Organization>, Refusal> {
        let names: Vec<_> = draft.name.iter().map(|name| Organization::name_identifier(name)).collect();
        let before = self.standing::<Organization>(tenant, mode, draft.id.as_deref(), &names).await?;
        let base = match &before {
            Some(before) => before.record.clone(),
            None => fresh(tenant, self.new_id("org_", draft.id.as_deref())?),
        };
        let enabled = match &draft.enabled_connections {
            Some(drafts) => Some(self.enabled(tenant, drafts).await?),
            None => None,
        };
        let mut after = overlaid(draft, base)?;
        after.enabled_connections = enabled.unwrap_or(after.enabled_connections);
        check(&after)?;
        self.settle(before, after).await
    }
}

fn fresh(tenant: &Tenant, id: String) -> Organization {
    Organization {
        tenant: tenant.id.clone(),
        id: OrganizationId::from(id),
        name: String::new(),
        display_name: String::new(),
        branding: Branding::default(),
        metadata: BTreeMap::new(),
        enabled_connections: Vec::new(),
    }
}

fn overlaid(draft: OrganizationDraft, mut organization: Organization) -> Result<Organization, Refusal> {
    overlay!(draft => organization; name, display_name, metadata);
    if let Some(branding) = &draft.branding {
        organization.branding = branding::laid_over(Branding::default(), branding, OF_ORGANIZATION)?;
    }
    Ok(organization)
}

fn check(organization: &Organization) -> Result<(), Refusal> {
    let mut flaws = Flaws::default();
    flaws.require(
        mint::is_prefixed(organization.id.as_str(), "org_"),
        "id",
        "expected org_ and 1 to 64 letters, digits, _ or -",
    );
    flaws.require(
        is_name(&organization.name),
        "name",
        "expected 1 to 50 of a-z, 0-9, _ and -, the first a letter or digit, and not an id (org_…)",
    );
    flaws.text("display_name", &organization.display_name, 0..=255);
    flaws.metadata("metadata", organization.metadata.iter());
    flaws.verdict()
}

/// `^[a-z0-9][a-z0-9_-]{0,49}$`, and no `org_…`: the `organization` parameter takes an id or a name.
fn is_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=50).contains(&name.len())
        && name.bytes().all(|byte| letter(byte) || matches!(byte, b'_' | b'-'))
        && name.bytes().next().is_some_and(letter)
        && !name.starts_with("org_")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::records::Outcome;
    use crate::engine::records::world::{World, drafted, paths};

    #[tokio::test]
    async fn an_organization_is_found_again_by_its_name() {
        let world = World::start().await;
        let draft = json!({"name": "acme", "display_name": "ACME", "metadata": {"plan": "gold"},
            "branding": {"logo_url": "https://a/l.png", "colors": {"primary": "#ff00AA"}}});
        let made = world.organization(draft.clone()).await;
        assert!(made.record.id.as_str().len() == 20 && made.outcome == Outcome::Created);
        let again = world.organization(draft).await;
        assert_eq!((again.outcome, again.record.id), (Outcome::Unchanged, made.record.id));
    }

    #[tokio::test]
    async fn two_ids_cannot_have_one_name() {
        let world = World::start().await;
        world.organization(json!({"id": "org_a", "name": "acme"})).await;
        let draft = drafted(json!({"id": "org_b", "name": "acme"}));
        let refusal = world.registrar.put_organization(&world.tenant, draft, Mode::Import).await.unwrap_err();
        assert_eq!(paths(&refusal), ["name"]);
        assert!(world.registrar.organization(&world.tenant, "org_b").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn each_bad_field_is_named() {
        let world = World::start().await;
        for (draft, path) in [
            (json!({}), "name"),
            (json!({"name": "Acme"}), "name"),
            (json!({"name": "-acme"}), "name"),
            (json!({"name": "org_acme"}), "name"),
            (json!({"name": "a".repeat(51)}), "name"),
            (json!({"name": "a", "id": "acme"}), "id"),
            (json!({"name": "a", "display_name": "x".repeat(256)}), "display_name"),
            (json!({"name": "a", "branding": {"logo_url": "x"}}), "branding.logo_url"),
            (json!({"name": "a", "branding": {"colors": {"primary": "red"}}}), "branding.colors.primary"),
            (json!({"name": "a", "branding": {"font": 1}}), "branding.font"),
            (json!({"name": "a", "metadata": {"k": "x".repeat(256)}}), "metadata.k"),
        ] {
            let put = world.registrar.put_organization(&world.tenant, drafted(draft), Mode::Import).await;
            let refusal = put.unwrap_err();
            assert!(paths(&refusal).iter().any(|found| found == path), "{path}: {refusal}");
        }
    }
}
