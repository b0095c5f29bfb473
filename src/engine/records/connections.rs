//! Connections: databases of names and passwords, and what a new password must be like in them.

use serde::Deserialize;

use crate::engine::records::flaws::Flaws;
use crate::engine::records::users::UserDraft;
use crate::engine::records::{Mode, Put, Refusal, Registrar, mint, overlay};
use crate::model::connection::{Connection, ConnectionOptions};
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::protocol::ids::{ConnectionId, TenantId};

/// So many users are looked at for one that needs a connection.
const USERS_LOOKED_AT: usize = 20_000;
/// Users read at once.
const STEP: usize = 500;

/// A connection to create or change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of model::connection::Connection")]
pub struct ConnectionDraft {
    pub name: String,
    pub display_name: Option<String>,
    pub options: Option<ConnectionOptions>,
}

impl Registrar {
    /// Checks and saves a connection; it is known by its name.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was saved.
    pub async fn put_connection(
        &self,
        tenant: &Tenant,
        draft: ConnectionDraft,
        mode: Mode,
    ) -> Result<Put<Connection>, Refusal> {
        let before = self.standing::<Connection>(tenant, mode, Some(&draft.name), &[]).await?;
        let mut after = match &before {
            Some(before) => before.record.clone(),
            None => Connection {
                tenant: tenant.id.clone(),
                id: self.new_id("con_", None)?,
                name: ConnectionId::from(draft.name.as_str()),
                display_name: String::new(),
                options: ConnectionOptions::default(),
            },
        };
        overlay!(draft => after; display_name, options);
        check(&after)?;
        self.settle(before, after).await
    }

    /// Sees to it that the tenant's default directory stands.
    ///
    /// # Errors
    /// [`Refusal`]; asking again is safe.
    pub async fn ensure_default_directory(&self, tenant: &Tenant) -> Result<(), Refusal> {
        let name = tenant.settings.default_directory.to_string();
        if self.catalog.find::<Connection>(&tenant.id, &name).await?.is_some() {
            return Ok(());
        }
        let draft = ConnectionDraft { name, display_name: None, options: None };
        match self.put_connection(tenant, draft, Mode::Import).await {
            // Another node was first.
            Ok(_) | Err(Refusal::Conflict | Refusal::Exists) => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }

    /// Removes a connection; refused while it has users or is the default directory. Users are kept by id, not by
    /// connection: beyond 20,000 of them in the tenant, nobody can tell within one request that none is
    /// left, and the connection stays.
    ///
    /// # Errors
    /// [`Refusal::Missing`], [`Refusal::Invalid`], [`Refusal::InUse`].
    pub async fn remove_connection(&self, tenant: &Tenant, connection: &Connection) -> Result<(), Refusal> {
        if tenant.settings.default_directory == connection.name {
            return Err(Refusal::flaw("name", &"the tenant's default directory stays"));
        }
        if let Some(why) = self.is_needed(&tenant.id, &connection.name).await? {
            return Err(Refusal::InUse(why));
        }
        self.disable_everywhere(&tenant.id, &connection.name).await?;
        let removed = self.catalog.remove::<Connection>(&tenant.id, connection.name.as_str()).await?;
        removed.map(|_| ()).ok_or(Refusal::Missing)
    }

    /// Refuses a new password that the connection's policy does not allow.
    pub(crate) async fn check_policy(&self, draft: &UserDraft, user: &User) -> Result<(), Refusal> {
        let Some(password) = &draft.password else { return Ok(()) };
        let found = self.catalog.find::<Connection>(&user.tenant, user.connection.as_str()).await?;
        let policy = found.map(|found| found.record.options.password_policy).unwrap_or_default();
        match policy.lacks(password.expose()) {
            Some(lacking) => Err(Refusal::flaw("password", &lacking)),
            None => Ok(()),
        }
    }

    /// Why a connection cannot go, if it cannot.
    async fn is_needed(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
    ) -> Result<Option<&'static str>, Refusal> {
        let mut after: Option<String> = None;
        for _ in 0..USERS_LOOKED_AT / STEP {
            let (users, next) = self.catalog.page::<User>(tenant, after.as_deref(), STEP).await?;
            if users.iter().any(|user| user.record.connection == *connection) {
                return Ok(Some("The connection still has users; delete them first."));
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(None),
            }
        }
        Ok(Some("The tenant has too many users to tell whether any of them is left in the connection."))
    }
}

fn check(connection: &Connection) -> Result<(), Refusal> {
    let mut flaws = Flaws::default();
    let name = connection.name.as_str();
    let legal = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let edges = !name.starts_with('-') && !name.ends_with('-');
    flaws.require(
        legal && edges && (1..=128).contains(&name.len()) && !mint::is_prefixed(name, "con_"),
        "name",
        "expected 1 to 128 letters, digits and -, no - at either end",
    );
    flaws.text("display_name", &connection.display_name, 0..=128);
    flaws.verdict()
}
