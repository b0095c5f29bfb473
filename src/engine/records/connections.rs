//! Connections: databases of names and passwords, and what a new password must be like in them.

use serde::Deserialize;

use crate::engine::letters::liquid;
use crate::engine::records::flaws::Flaws;
use crate::engine::records::{Mode, Put, Refusal, Registrar, mint, overlay};
use crate::model::connection::{Connection, ConnectionOptions, Message, Strategy};
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
    pub id: Option<String>,
    pub name: String,
    pub display_name: Option<String>,
    /// Counts only for a connection that is new.
    pub strategy: Option<Strategy>,
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
                strategy: draft.strategy.unwrap_or_default(),
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
        let draft = ConnectionDraft { id: None, name, display_name: None, strategy: None, options: None };
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
    check_options(&connection.options, &mut flaws);
    flaws.verdict()
}

fn check_options(options: &ConnectionOptions, flaws: &mut Flaws) {
    let complexity = options.password_complexity_options.min_length.unwrap_or(1) as u64;
    flaws.within("options.password_complexity_options.min_length", complexity, 1..=128);
    flaws.within("options.password_history.size", options.password_history.size as u64, 1..=24);
    flaws.within("options.password_min_score", u64::from(options.password_min_score), 0..=4);
    flaws.within("options.totp.time_step", options.totp.time_step, 30..=3600);
    flaws.within("options.totp.length", u64::from(options.totp.length), 6..=10);
    let words = &options.password_dictionary.dictionary;
    flaws.unique("options.password_dictionary.dictionary", words.iter(), 200);
    for (at, word) in words.iter().enumerate() {
        flaws.text(format_args!("options.password_dictionary.dictionary[{at}]"), word, 1..=50);
    }
    if let Some(message) = &options.email {
        check_message("options.email.", message, flaws);
    }
}

/// What a tenant's own words must be: templates that read, a sender that is an address.
pub(crate) fn check_message(path: &str, message: &Message, flaws: &mut Flaws) {
    let Message { from, subject, body, syntax } = message;
    for (name, source) in [("from", from), ("subject", subject), ("body", body)] {
        if let Err(wrong) = liquid::check(source) {
            flaws.require(false, format_args!("{path}{name}"), wrong);
        }
    }
    flaws.text(format_args!("{path}subject"), subject, 0..=256);
    flaws.text(format_args!("{path}from"), from, 0..=320);
    flaws.require(from.is_empty() || from.contains('@'), format_args!("{path}from"), "expected a sender");
    flaws.require(syntax.is_empty() || syntax == "liquid", format_args!("{path}syntax"), "expected liquid");
}
