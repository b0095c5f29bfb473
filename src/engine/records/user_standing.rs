//! Changes of a user's standing that are not changes of the profile: roles, permissions, and the end of everything
//! that was given out.

use crate::engine::records::{Put, Refusal, Registrar};
use crate::model::role::{self, Permission};
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::store::catalog::Versioned;

impl Registrar {
    /// Nothing that began before now is admitted any more.
    ///
    /// # Errors
    /// [`Refusal::Conflict`] when the user was changed since it was read.
    pub async fn revoke_user(&self, standing: &Versioned<User>) -> Result<Put<User>, Refusal> {
        let after = User { not_before: self.clock.now(), ..standing.record.clone() };
        self.settle(Some(standing.clone()), after).await
    }

    /// Gives a user roles, by id; those that it has stay.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a role that does not exist; [`Refusal::Conflict`].
    pub async fn add_roles(
        &self,
        tenant: &Tenant,
        standing: &Versioned<User>,
        roles: &[String],
    ) -> Result<Put<User>, Refusal> {
        let mut after = standing.record.clone();
        for role in self.role_ids(tenant, roles).await? {
            if !after.roles.contains(&role) {
                after.roles.push(role);
            }
        }
        self.settle(Some(standing.clone()), after).await
    }

    /// Takes roles from a user; those that it does not have are passed over.
    ///
    /// # Errors
    /// [`Refusal::Conflict`].
    pub async fn take_roles(
        &self,
        standing: &Versioned<User>,
        roles: &[String],
    ) -> Result<Put<User>, Refusal> {
        let mut after = standing.record.clone();
        after.roles.retain(|own| !roles.iter().any(|role| role == own.as_str()));
        self.settle(Some(standing.clone()), after).await
    }

    /// Gives a user permissions; those that it has stay.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a permission that no resource server knows; [`Refusal::Conflict`].
    pub async fn add_permissions(
        &self,
        tenant: &Tenant,
        standing: &Versioned<User>,
        permissions: Vec<Permission>,
    ) -> Result<Put<User>, Refusal> {
        self.check_permissions(tenant, &permissions).await?;
        let mut after = standing.record.clone();
        role::unite(&mut after.permissions, permissions);
        self.settle(Some(standing.clone()), after).await
    }

    /// Takes permissions from a user; those that it does not have are passed over.
    ///
    /// # Errors
    /// [`Refusal::Conflict`].
    pub async fn take_permissions(
        &self,
        standing: &Versioned<User>,
        permissions: &[Permission],
    ) -> Result<Put<User>, Refusal> {
        let mut after = standing.record.clone();
        role::subtract(&mut after.permissions, permissions);
        self.settle(Some(standing.clone()), after).await
    }
}
