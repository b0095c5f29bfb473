//! All roles of a tenant, arranged for the one question the token path asks.

use std::collections::HashMap;

use crate::model::role::Role;
use crate::protocol::ids::{Audience, RoleId};

/// Which role permits what.
#[derive(Clone, Debug, Default)]
pub struct RoleBook {
    roles: HashMap<RoleId, Role>,
}

impl RoleBook {
    /// The book of `roles`.
    pub fn new(roles: Vec<Role>) -> Self {
        Self { roles: roles.into_iter().map(|role| (role.id.clone(), role)).collect() }
    }

    /// The role called `id`.
    pub fn role(&self, id: &RoleId) -> Option<&Role> {
        self.roles.get(id)
    }

    /// What `held` roles permit at `audience`, in byte order, each once; unknown roles permit nothing.
    pub fn permissions<'held>(
        &self,
        held: impl IntoIterator<Item = &'held RoleId>,
        audience: &Audience,
    ) -> Vec<&str> {
        let roles = held.into_iter().filter_map(|id| self.roles.get(id));
        let mut names: Vec<&str> = roles
            .flat_map(|role| &role.permissions)
            .filter(|permission| permission.resource_server_identifier == *audience)
            .map(|permission| permission.permission_name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::role::Permission;
    use crate::protocol::ids::TenantId;

    fn role(id: &str, permissions: &[(&str, &str)]) -> Role {
        let permission = |(audience, name): &(&str, &str)| Permission {
            resource_server_identifier: Audience::from(*audience),
            permission_name: (*name).to_owned(),
        };
        Role {
            tenant: TenantId::from("acme"),
            id: RoleId::from(id),
            name: id.to_owned(),
            description: String::new(),
            permissions: permissions.iter().map(permission).collect(),
        }
    }

    #[test]
    fn permissions_are_sorted_unique_and_of_one_audience() {
        let book = RoleBook::new(vec![
            role("rol_a", &[("api", "write"), ("api", "read"), ("other", "own")]),
            role("rol_b", &[("api", "read"), ("api", "admin")]),
        ]);
        let held = [RoleId::from("rol_b"), RoleId::from("rol_a"), RoleId::from("rol_gone")];
        assert_eq!(book.permissions(&held, &Audience::from("api")), ["admin", "read", "write"]);
        assert_eq!(book.permissions(&held[2..], &Audience::from("api")), Vec::<&str>::new());
    }
}
