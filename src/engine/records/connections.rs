//! Connections: databases of names and passwords, and what a new password must be like in them.

use serde::Deserialize;

use crate::engine::records::flaws::Flaws;
use crate::engine::records::users::UserDraft;
use crate::engine::records::{Mode, Put, Refusal, Registrar, mint, overlay};
use crate::model::connection::{Connection, ConnectionOptions};
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::protocol::ids::{ConnectionId, TenantId};

/// A connection to create or change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of model::connection::Connection")]
pub struct ConnectionDraft {
    pub id: Option<String>,
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
                id: self.new_id("con_", draft.id.as_deref())?,
                name: ConnectionId::from(draft.name.as_str()),
                display_name: String::new(),
                options: ConnectionOptions::default(),
            },
        };
        overlay!(draft => after; id, display_name, options);
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
        let draft = ConnectionDraft { id: None, name, display_name: None, options: None };
        match self.put_connection(tenant, draft, Mode::Import).await {
            // Another node was first.
            Ok(_) | Err(Refusal::Conflict | Refusal::Exists) => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }

    /// Removes a connection; refused while it has users or is the default directory.
    ///
    /// # Errors
    /// [`Refusal::Missing`], [`Refusal::Invalid`].
    pub async fn remove_connection(&self, tenant: &Tenant, connection: &Connection) -> Result<(), Refusal> {
        if tenant.settings.default_directory == connection.name {
            return Err(Refusal::flaw("name", &"the tenant's default directory stays"));
        }
        if self.has_users(&tenant.id, &connection.name).await? {
            return Err(Refusal::flaw("name", &"this connection still has users; delete them first"));
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

    async fn has_users(&self, tenant: &TenantId, connection: &ConnectionId) -> Result<bool, Refusal> {
        let mut after: Option<String> = None;
        loop {
            let (users, next) = self.catalog.page::<User>(tenant, after.as_deref(), 500).await?;
            if users.iter().any(|user| user.record.connection == *connection) {
                return Ok(true);
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(false),
            }
        }
    }
}

fn check(connection: &Connection) -> Result<(), Refusal> {
    let mut flaws = Flaws::default();
    flaws.require(
        mint::is_prefixed(&connection.id, "con_"),
        "id",
        "expected con_ and 1 to 64 letters, digits, _ or -",
    );
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
