//! What one record may say of another: it must exist, and be of the same tenant.

use std::collections::HashMap;
use std::fmt::Display;

use crate::engine::records::flaws::Flaws;
use crate::engine::records::{Refusal, Registrar};
use crate::model::organization::Organization;
use crate::model::resource_server::ResourceServer;
use crate::model::role::{Permission, Role};
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::protocol::ids::RoleId;

impl Registrar {
    /// The organization with this id or name.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn organization(
        &self,
        tenant: &Tenant,
        id_or_name: &str,
    ) -> Result<Option<Organization>, Refusal> {
        if let Some(found) = self.catalog.find::<Organization>(&tenant.id, id_or_name).await? {
            return Ok(Some(found.record));
        }
        let name = Organization::name_identifier(id_or_name);
        Ok(self.catalog.find_named::<Organization>(&tenant.id, &name).await?.map(|found| found.record))
    }

    /// The user with this id, or with this address in the tenant's default connection.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn user(&self, tenant: &Tenant, id_or_email: &str) -> Result<Option<User>, Refusal> {
        if let Some(found) = self.catalog.find::<User>(&tenant.id, id_or_email).await? {
            return Ok(Some(found.record));
        }
        let name = User::email_identifier(&tenant.settings.default_directory, id_or_email);
        Ok(self.catalog.find_named::<User>(&tenant.id, &name).await?.map(|found| found.record))
    }

    /// The role with this id or name.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn role(&self, tenant: &Tenant, id_or_name: &str) -> Result<Option<Role>, Refusal> {
        if let Some(found) = self.catalog.find::<Role>(&tenant.id, id_or_name).await? {
            return Ok(Some(found.record));
        }
        let name = format!("role:{id_or_name}");
        Ok(self.catalog.find_named::<Role>(&tenant.id, &name).await?.map(|found| found.record))
    }

    /// The ids of roles given by id or name, each once, in the order given.
    pub(crate) async fn role_ids(&self, tenant: &Tenant, given: &[String]) -> Result<Vec<RoleId>, Refusal> {
        let mut flaws = Flaws::default();
        let mut ids = Vec::with_capacity(given.len());
        for (at, text) in given.iter().enumerate() {
            let role = self.role(tenant, text).await?;
            flaws.require(role.is_some(), Place("roles", at), format_args!("there is no role {text:?}"));
            ids.extend(role.map(|role| role.id));
        }
        flaws.unique("roles", ids.iter(), 1000);
        flaws.verdict().map(|()| ids)
    }

    /// Refuses permissions that no resource server knows.
    pub(crate) async fn check_permissions(
        &self,
        tenant: &Tenant,
        given: &[Permission],
    ) -> Result<(), Refusal> {
        let mut flaws = Flaws::default();
        flaws.unique("permissions", given.iter(), 1000);
        let mut known: HashMap<&str, Option<ResourceServer>> = HashMap::new();
        for (at, permission) in given.iter().enumerate() {
            let audience = permission.resource_server_identifier.as_str();
            if !known.contains_key(audience) {
                let found = self.catalog.find::<ResourceServer>(&tenant.id, audience).await?;
                known.insert(audience, found.map(|found| found.record));
            }
            let name = &permission.permission_name;
            let place = Place("permissions", at);
            if let Some(api) = known.get(audience).and_then(Option::as_ref) {
                flaws.require(api.knows(name), place, NoScope(audience, name));
            } else {
                flaws.require(false, place, NoApi(audience));
            }
        }
        flaws.verdict()
    }
}

/// One item of a list, as a path.
pub(crate) struct Place(pub(crate) &'static str, pub(crate) usize);

/// There is no such resource server.
pub(crate) struct NoApi<'a>(pub(crate) &'a str);

/// The resource server has no such scope.
pub(crate) struct NoScope<'a>(pub(crate) &'a str, pub(crate) &'a str);

impl Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}[{}]", self.0, self.1)
    }
}

impl Display for NoApi<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "there is no resource server {:?}", self.0)
    }
}

impl Display for NoScope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the resource server {:?} has no scope {:?}", self.0, self.1)
    }
}
