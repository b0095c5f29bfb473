//! The walk over everything that a tenant holds, in the order in which an import needs it, a page at a time.

use std::collections::HashSet;
use std::io::Write;

use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use super::records::{self, Known};
use super::{ExportError, Wanted};
use crate::model::client::Client;
use crate::model::client_grant::ClientGrant;
use crate::model::connection::Connection;
use crate::model::credential::Credential;
use crate::model::organization::Organization;
use crate::model::record::{Record, SYSTEM_TENANT};
use crate::model::resource_server::ResourceServer;
use crate::model::role::Role;
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::protocol::ids::TenantId;
use crate::store::StoreError;
use crate::store::catalog::Catalog;

/// Records read at once.
const PAGE: usize = 500;

/// Passwords read at once.
const ABREAST: usize = 32;

/// One export under way.
struct Walk<'a, W> {
    catalog: &'a Catalog,
    out: &'a mut W,
    secrets: bool,
    written: u64,
    progress: &'a mut (dyn FnMut(u64) + Send),
}

/// Writes what is wanted as JSON lines; the number of lines. `progress` is told it after each.
///
/// # Errors
/// [`ExportError`]; what was written until then is a part of the export.
pub async fn export<W: Write>(
    catalog: &Catalog,
    wanted: &Wanted,
    out: &mut W,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<u64, ExportError> {
    let system = TenantId::from(SYSTEM_TENANT);
    let mut tenants: Vec<Tenant> = match &wanted.tenant {
        Some(id) => {
            let found = catalog.find::<Tenant>(&system, id.as_str()).await?;
            found.into_iter().map(|found| found.record).collect()
        }
        None => catalog.all::<Tenant>(&system).await?,
    };
    tenants.retain(|tenant| !tenant.deleting);
    if tenants.is_empty() {
        return Err(ExportError::NoTenant(wanted.tenant.clone()));
    }
    tenants.sort_by(|one, other| one.id.cmp(&other.id));
    let mut walk = Walk { catalog, out, secrets: wanted.secrets, written: 0, progress };
    for tenant in &tenants {
        walk.tenant(tenant).await?;
    }
    Ok(walk.written)
}

impl<W: Write> Walk<'_, W> {
    async fn tenant(&mut self, tenant: &Tenant) -> Result<(), ExportError> {
        self.line("tenant", &records::tenant(tenant))?;
        let known = self.known(&tenant.id).await?;
        let secrets = self.secrets;
        self.each::<Connection>("connection", &tenant.id, records::connection).await?;
        self.each::<ResourceServer>("resource_server", &tenant.id, records::resource_server).await?;
        self.each::<Client>("client", &tenant.id, |client| records::client(client, secrets)).await?;
        self.each::<Role>("role", &tenant.id, |role| records::role(role, &known)).await?;
        self.each::<Organization>("organization", &tenant.id, records::organization).await?;
        self.each::<ClientGrant>("client_grant", &tenant.id, |grant| records::client_grant(grant, &known))
            .await?;
        self.users(&tenant.id, &known).await?;
        self.members(&tenant.id, &known).await
    }

    /// What a record may refer to; a tenant has few of it.
    async fn known(&self, tenant: &TenantId) -> Result<Known, StoreError> {
        let apis = self.catalog.all::<ResourceServer>(tenant).await?;
        let roles = self.catalog.all::<Role>(tenant).await?;
        let scopes = apis.into_iter().map(|api| {
            let scopes: HashSet<_> = api.scopes.into_iter().map(|scope| scope.value).collect();
            (api.identifier, scopes)
        });
        Ok(Known { scopes: scopes.collect(), roles: roles.into_iter().map(|role| role.id).collect() })
    }

    async fn each<T: Record>(
        &mut self,
        kind: &str,
        tenant: &TenantId,
        show: impl Fn(&T) -> Value,
    ) -> Result<(), ExportError> {
        let mut after: Option<String> = None;
        loop {
            let (page, next) = self.catalog.page::<T>(tenant, after.as_deref(), PAGE).await?;
            for found in page {
                self.line(kind, &show(&found.record))?;
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn users(&mut self, tenant: &TenantId, known: &Known) -> Result<(), ExportError> {
        let mut after: Option<String> = None;
        loop {
            let (page, next) = self.catalog.page::<User>(tenant, after.as_deref(), PAGE).await?;
            let (catalog, secrets) = (self.catalog, self.secrets);
            let mut users =
                stream::iter(page).map(|found| with_hash(catalog, found.record, secrets)).buffered(ABREAST);
            while let Some(read) = users.next().await {
                let (user, hash) = read?;
                self.line("user", &records::user(&user, hash.as_deref(), known))?;
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn members(&mut self, tenant: &TenantId, known: &Known) -> Result<(), ExportError> {
        let mut after: Option<String> = None;
        loop {
            let (page, next) = self.catalog.page::<Organization>(tenant, after.as_deref(), PAGE).await?;
            for organization in page {
                self.members_of(&organization.record, known).await?;
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn members_of(&mut self, organization: &Organization, known: &Known) -> Result<(), ExportError> {
        let store = self.catalog.store();
        let mut after: Option<String> = None;
        loop {
            let page =
                store.members_of(&organization.tenant, &organization.id, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.user.to_string());
            for membership in &page {
                self.line("member", &records::member(membership, known))?;
            }
        }
    }

    fn line(&mut self, kind: &str, record: &Value) -> std::io::Result<()> {
        serde_json::to_writer(&mut *self.out, &json!({ kind: record }))?;
        self.out.write_all(b"\n")?;
        self.written += 1;
        (self.progress)(self.written);
        Ok(())
    }
}

async fn with_hash(
    catalog: &Catalog,
    user: User,
    secrets: bool,
) -> Result<(User, Option<String>), StoreError> {
    if !secrets {
        return Ok((user, None));
    }
    let found = catalog.find::<Credential>(&user.tenant, user.user_id.as_str()).await?;
    Ok((user, found.map(|found| found.record.hash)))
}
