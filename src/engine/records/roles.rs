//! Roles: a unique name for permissions that exist.

use serde::Deserialize;

use crate::engine::records::flaws::Flaws;
use crate::engine::records::{Mode, Put, Refusal, Registrar, mint, overlay};
use crate::model::role::{self, Permission, Role};
use crate::model::tenant::Tenant;
use crate::protocol::ids::RoleId;
use crate::store::catalog::Versioned;

/// A role to create or change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of model::role::Role")]
pub struct RoleDraft {
    pub id: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub permissions: Option<Vec<Permission>>,
}

impl Registrar {
    /// Checks and saves a role.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was saved.
    pub async fn put_role(
        &self,
        tenant: &Tenant,
        draft: RoleDraft,
        mode: Mode,
    ) -> Result<Put<Role>, Refusal> {
        let names: Vec<_> = draft.name.iter().map(|name| format!("role:{name}")).collect();
        let before = self.standing::<Role>(tenant, mode, draft.id.as_deref(), &names).await?;
        let base = match &before {
            Some(before) => before.record.clone(),
            None => fresh(tenant, self.new_id("rol_", draft.id.as_deref())?),
        };
        let given = draft.permissions.is_some();
        let after = overlaid(draft, base);
        check(&after)?;
        if given {
            self.check_permissions(tenant, &after.permissions).await?;
        }
        self.settle(before, after).await
    }

    /// Adds to what a role permits.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a permission that no resource server knows; [`Refusal::Conflict`].
    pub async fn add_role_permissions(
        &self,
        tenant: &Tenant,
        standing: &Versioned<Role>,
        permissions: Vec<Permission>,
    ) -> Result<Put<Role>, Refusal> {
        self.check_permissions(tenant, &permissions).await?;
        let mut after = standing.record.clone();
        role::unite(&mut after.permissions, permissions);
        self.settle(Some(standing.clone()), after).await
    }

    /// Takes from what a role permits.
    ///
    /// # Errors
    /// [`Refusal::Conflict`].
    pub async fn take_role_permissions(
        &self,
        standing: &Versioned<Role>,
        permissions: &[Permission],
    ) -> Result<Put<Role>, Refusal> {
        let mut after = standing.record.clone();
        role::subtract(&mut after.permissions, permissions);
        self.settle(Some(standing.clone()), after).await
    }

    /// The id that was given, or a new one.
    pub(crate) fn new_id(&self, prefix: &str, given: Option<&str>) -> Result<String, Refusal> {
        match given {
            Some(given) => Ok(given.to_owned()),
            None => Ok(mint::base62(&self.entropy, prefix, 16)?),
        }
    }
}

fn fresh(tenant: &Tenant, id: String) -> Role {
    Role {
        tenant: tenant.id.clone(),
        id: RoleId::from(id),
        name: String::new(),
        description: String::new(),
        permissions: Vec::new(),
    }
}

fn overlaid(draft: RoleDraft, mut role: Role) -> Role {
    overlay!(draft => role; name, description, permissions);
    role
}

fn check(role: &Role) -> Result<(), Refusal> {
    let mut flaws = Flaws::default();
    flaws.require(
        mint::is_prefixed(role.id.as_str(), "rol_"),
        "id",
        "expected rol_ and 1 to 64 letters, digits, _ or -",
    );
    flaws.title("name", &role.name, 128);
    flaws.require(!role.name.starts_with("rol_"), "name", "expected a name that does not look like an id");
    flaws.text("description", &role.description, 0..=500);
    flaws.verdict()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::records::Outcome;
    use crate::engine::records::world::{World, drafted, paths};

    #[tokio::test]
    async fn a_role_is_found_again_by_its_name_and_can_be_renamed_by_its_id() {
        let world = World::start().await;
        world.api(json!({"identifier": "https://a", "scopes": [{"value": "read:a"}]})).await;
        let draft = json!({"name": "reader", "permissions":
            [{"resource_server_identifier": "https://a", "permission_name": "read:a"}]});
        let made = world.role(draft.clone()).await;
        assert_eq!(world.role(draft).await.outcome, Outcome::Unchanged);
        let renamed = world.role(json!({"id": made.record.id, "name": "auditor"})).await;
        assert_eq!(
            (renamed.record.id.clone(), renamed.record.permissions.len()),
            (made.record.id.clone(), 1)
        );
        assert!(world.registrar.role(&world.tenant, "reader").await.unwrap().is_none());
        assert_eq!(world.registrar.role(&world.tenant, "auditor").await.unwrap().unwrap().id, made.record.id);
    }

    #[tokio::test]
    async fn each_bad_field_is_named() {
        let world = World::start().await;
        world.api(json!({"identifier": "https://a", "scopes": [{"value": "read:a"}]})).await;
        let permission = |api, name| json!({"resource_server_identifier": api, "permission_name": name});
        for (draft, path) in [
            (json!({}), "name"),
            (json!({"name": "rol_x"}), "name"),
            (json!({"name": "r", "id": "x"}), "id"),
            (json!({"name": "r", "description": "x".repeat(501)}), "description"),
            (json!({"name": "r", "permissions": [permission("https://b", "read:a")]}), "permissions[0]"),
            (json!({"name": "r", "permissions": [permission("https://a", "read:b")]}), "permissions[0]"),
            (
                json!({"name": "r", "permissions": [permission("https://a", "read:a"), permission("https://a", "read:a")]}),
                "permissions[1]",
            ),
        ] {
            let put = world.registrar.put_role(&world.tenant, drafted(draft), Mode::Import).await;
            let refusal = put.unwrap_err();
            assert!(paths(&refusal).iter().any(|found| found == path), "{path}: {refusal}");
        }
    }
}
