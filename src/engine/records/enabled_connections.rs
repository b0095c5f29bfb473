//! Connections enabled for an organization: each exists, and each once.

use serde::Deserialize;

use crate::engine::records::flaws::Flaws;
use crate::engine::records::references::Place;
use crate::engine::records::{Put, Refusal, Registrar};
use crate::model::connection::Connection;
use crate::model::organization::{EnabledConnection, Organization};
use crate::model::record::Record as _;
use crate::model::tenant::Tenant;
use crate::protocol::ids::{ConnectionId, TenantId};
use crate::store::catalog::{Saved, Versioned};
use crate::store::records::Expect;

/// Organizations read at once.
const STEP: usize = 200;

/// A connection to enable.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of model::organization::EnabledConnection")]
pub struct EnabledDraft {
    /// Its id or its name.
    pub connection_id: String,
    pub assign_membership_on_login: Option<bool>,
    pub show_as_button: Option<bool>,
    pub is_signup_enabled: Option<bool>,
}

impl Registrar {
    /// The connection with this id or name.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn connection(
        &self,
        tenant: &TenantId,
        id_or_name: &str,
    ) -> Result<Option<Connection>, Refusal> {
        if let Some(found) = self.catalog.find::<Connection>(tenant, id_or_name).await? {
            return Ok(Some(found.record));
        }
        let name = format!("con:{id_or_name}");
        Ok(self.catalog.find_named::<Connection>(tenant, &name).await?.map(|found| found.record))
    }

    /// Enables a connection for an organization.
    ///
    /// # Errors
    /// [`Refusal::Exists`] when it is; [`Refusal::Invalid`]; [`Refusal::Conflict`].
    pub async fn enable_connection(
        &self,
        tenant: &Tenant,
        standing: &Versioned<Organization>,
        draft: &EnabledDraft,
    ) -> Result<Put<Organization>, Refusal> {
        let mut after = standing.record.clone();
        let made = self.enabled(tenant, std::slice::from_ref(draft)).await?;
        if made.iter().any(|made| after.enabled(&made.connection_id).is_some()) {
            return Err(Refusal::Exists);
        }
        after.enabled_connections.extend(made);
        self.settle(Some(standing.clone()), after).await
    }

    /// Changes how a connection is enabled for an organization; what the draft leaves out stays.
    ///
    /// # Errors
    /// [`Refusal::Missing`] when it is not enabled; [`Refusal::Invalid`]; [`Refusal::Conflict`].
    pub async fn change_enabled_connection(
        &self,
        standing: &Versioned<Organization>,
        name: &ConnectionId,
        draft: &EnabledDraft,
    ) -> Result<Put<Organization>, Refusal> {
        let mut after = standing.record.clone();
        let own = after.enabled_connections.iter_mut().find(|own| own.connection_id == *name);
        let own = own.ok_or(Refusal::Missing)?;
        *own = laid_over(draft, own.clone());
        let mut flaws = Flaws::default();
        check(own, "", &mut flaws);
        flaws.verdict()?;
        self.settle(Some(standing.clone()), after).await
    }

    /// Takes a connection from an organization.
    ///
    /// # Errors
    /// [`Refusal::Missing`] when it is not enabled; [`Refusal::Conflict`].
    pub async fn disable_connection(
        &self,
        standing: &Versioned<Organization>,
        name: &ConnectionId,
    ) -> Result<Put<Organization>, Refusal> {
        let mut after = standing.record.clone();
        after.enabled(name).ok_or(Refusal::Missing)?;
        after.enabled_connections.retain(|own| own.connection_id != *name);
        self.settle(Some(standing.clone()), after).await
    }

    /// What drafts mean, by the names of connections that exist.
    pub(crate) async fn enabled(
        &self,
        tenant: &Tenant,
        drafts: &[EnabledDraft],
    ) -> Result<Vec<EnabledConnection>, Refusal> {
        let mut flaws = Flaws::default();
        let mut enabled = Vec::with_capacity(drafts.len());
        for (at, draft) in drafts.iter().enumerate() {
            let place = Place("enabled_connections", at);
            match self.connection(&tenant.id, &draft.connection_id).await? {
                Some(connection) => {
                    let made = laid_over(draft, EnabledConnection::new(connection.name));
                    check(&made, &format!("{place}."), &mut flaws);
                    enabled.push(made);
                }
                None => flaws.require(
                    false,
                    format_args!("{place}.connection_id"),
                    format_args!("there is no connection {:?}", draft.connection_id),
                ),
            }
        }
        flaws.unique("enabled_connections", enabled.iter().map(|own| own.connection_id.clone()), 50);
        flaws.verdict().map(|()| enabled)
    }

    /// Takes a connection that is about to go from every organization, so that no later one of its name is enabled.
    pub(crate) async fn disable_everywhere(
        &self,
        tenant: &TenantId,
        name: &ConnectionId,
    ) -> Result<(), Refusal> {
        let mut after: Option<String> = None;
        loop {
            let (page, next) = self.catalog.page::<Organization>(tenant, after.as_deref(), STEP).await?;
            for found in page.into_iter().filter(|found| found.record.enabled(name).is_some()) {
                let mut stripped = found.record;
                stripped.enabled_connections.retain(|own| own.connection_id != *name);
                match self.catalog.save(&stripped, Expect::Version(found.version)).await? {
                    Saved::Saved { .. } => {}
                    Saved::Conflict | Saved::NameTaken(_) => return Err(Refusal::Conflict),
                }
                tracing::debug!(organization = %stripped.id(), "a connection was taken from an organization");
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }
}

fn laid_over(draft: &EnabledDraft, own: EnabledConnection) -> EnabledConnection {
    EnabledConnection {
        assign_membership_on_login: draft
            .assign_membership_on_login
            .unwrap_or(own.assign_membership_on_login),
        show_as_button: draft.show_as_button.unwrap_or(own.show_as_button),
        is_signup_enabled: draft.is_signup_enabled.unwrap_or(own.is_signup_enabled),
        ..own
    }
}

/// As at Auth0: who may sign up by themselves has to become a member by it.
fn check(own: &EnabledConnection, place: &str, flaws: &mut Flaws) {
    flaws.require(
        !own.is_signup_enabled || own.assign_membership_on_login,
        format_args!("{place}is_signup_enabled"),
        "expected assign_membership_on_login with it",
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::engine::records::Mode;
    use crate::engine::records::world::{World, drafted, paths};

    #[tokio::test]
    async fn each_bad_field_is_named() {
        let world = World::start().await;
        world.registrar.ensure_default_directory(&world.tenant).await.unwrap();
        let known = "Username-Password-Authentication";
        for (enabled, path) in [
            (json!([{"connection_id": "con_nothing"}]), "enabled_connections[0].connection_id"),
            (
                json!([{"connection_id": known, "is_signup_enabled": true}]),
                "enabled_connections[0].is_signup_enabled",
            ),
            (json!([{"connection_id": known}, {"connection_id": known}]), "enabled_connections[1]"),
        ] {
            let draft = drafted(json!({"name": "acme", "enabled_connections": enabled}));
            let refusal =
                world.registrar.put_organization(&world.tenant, draft, Mode::Import).await.unwrap_err();
            assert_eq!(paths(&refusal), [path], "{refusal}");
        }
    }
}
