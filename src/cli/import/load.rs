//! The import itself, as a function that prints nothing: kinds in the order in which they refer to each other,
//! records of one kind side by side.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cli::import::file::{Distinct, File, MemberEntry, OrganizationEntry, TenantEntry};
use crate::cli::import::report::Report;
use crate::engine::records::clients::ClientDraft;
use crate::engine::records::flaws::read;
use crate::engine::records::{Mode, Put, Refusal, Registrar};
use crate::model::client::Client;
use crate::model::tenant::Tenant;

/// How often a record is tried while hashers are busy, 100 ms apart: a minute.
const TRIES_BUSY: u32 = 600;

/// How often a record is tried that somebody else wrote at the same time.
const TRIES_RACED: u32 = 5;

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Done {
    /// Records looked at.
    pub records: u64,
    /// How much of the file that is, from 0 to 1, where it is known.
    pub share: Option<f64>,
}

/// Who is told how far an import is.
pub type Progress<'a> = dyn FnMut(Done) + Send + 'a;

/// One import under way, within one tenant.
struct Load<'a> {
    registrar: &'a Registrar,
    tenant: Tenant,
    /// The tenant's path in the file.
    path: String,
    report: &'a mut Report,
    progress: &'a mut (dyn FnMut(u64) + Send + 'a),
}

/// Imports every tenant of a JSON document. `progress` is told after each record how many are done.
///
/// # Errors
/// The file as a whole does not read; nothing was imported. A record that is refused stands in the report, and
/// the others go on.
pub async fn import(
    text: &str,
    registrar: &Registrar,
    progress: &mut Progress<'_>,
) -> Result<Report, Refusal> {
    let file: File<'_> = read(text)?;
    let all = records(&file);
    let mut progress = |records: u64| progress(Done { records, share: share(records, all) });
    let mut report = Report::default();
    let mut seen = HashMap::new();
    for (at, raw) in file.tenants.iter().enumerate() {
        let path = format!("tenants[{at}]");
        match tenant(raw, at, &mut seen, registrar).await {
            Err(refusal) => report.refuse(&path, &refusal),
            Ok((put, entry)) => {
                report.accept(put.outcome);
                let tenant = put.record;
                let mut load = Load { registrar, tenant, path, report: &mut report, progress: &mut progress };
                load.everything(&entry).await;
            }
        }
    }
    Ok(report)
}

/// How many records the file holds, as far as it reads.
fn records(file: &File<'_>) -> u64 {
    let tenants = file.tenants.iter().filter_map(|raw| read::<TenantEntry<'_>>(raw.get()).ok());
    tenants.map(|tenant| 1 + tenant.records() as u64 + tenant.members()).sum()
}

/// How much of `all` that is.
pub(crate) fn share(done: u64, all: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a share for people to look at")]
    let share = done as f64 / all as f64;
    (all > 0).then_some(share.min(1.0))
}

async fn tenant<'f>(
    raw: &'f RawValue,
    at: usize,
    seen: &mut HashMap<String, usize>,
    registrar: &Registrar,
) -> Result<(Put<Tenant>, TenantEntry<'f>), Refusal> {
    let mut entry: TenantEntry<'_> = read(raw.get())?;
    first_of(&entry, at, seen)?;
    let put = registrar.put_tenant(entry.draft(), Mode::Import).await.map_err(|refusal| {
        let left_out = entry.records();
        let mut flaws = refusal.flaws();
        if let Some(first) = flaws.first_mut() {
            first.expected = format!("{} (its {left_out} records were left out)", first.expected);
        }
        Refusal::Invalid(flaws)
    })?;
    Ok((put, entry))
}

/// Refuses a record that says again what an earlier one of its list says.
fn first_of(draft: &impl Distinct, at: usize, seen: &mut HashMap<String, usize>) -> Result<(), Refusal> {
    for (field, value) in draft.distinct() {
        let earlier = *seen.entry(format!("{field} {value}")).or_insert(at);
        if earlier != at {
            let expected = format!("expected one of its own; item {earlier} of this list has the same");
            return Err(Refusal::flaw(field, &expected));
        }
    }
    Ok(())
}

/// Puts a record, waiting while hashers are busy or others write it.
pub(crate) async fn patiently<'f, D, T, F>(raw: &'f RawValue, put: F) -> Result<Put<T>, Refusal>
where
    D: Deserialize<'f>,
    F: AsyncFn(D) -> Result<Put<T>, Refusal>,
{
    let mut tries = 0;
    loop {
        let outcome = put(read(raw.get())?).await;
        let worth = match &outcome {
            Err(Refusal::Busy { .. }) => TRIES_BUSY,
            Err(Refusal::Conflict | Refusal::Exists) => TRIES_RACED,
            _ => 1,
        };
        tries += 1;
        if tries >= worth {
            return outcome;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

impl Load<'_> {
    async fn everything(&mut self, entry: &TenantEntry<'_>) {
        let (registrar, tenant) = (self.registrar, self.tenant.clone());
        let (tenant, mode) = (&tenant, Mode::Import);
        self.each("connections", &entry.connections, async |draft| {
            registrar.put_connection(tenant, draft, mode).await
        })
        .await;
        self.each("resource_servers", &entry.resource_servers, async |draft| {
            registrar.put_resource_server(tenant, draft, mode).await
        })
        .await;
        self.each("clients", &entry.clients, async |draft: ClientDraft| {
            registrar.put_client(tenant, draft, mode).await
        })
        .await;
        self.each("roles", &entry.roles, async |draft| registrar.put_role(tenant, draft, mode).await).await;
        let refused = self
            .each("organizations", &entry.organizations, async |entry: OrganizationEntry<'_>| {
                registrar.put_organization(tenant, entry.into_draft(), mode).await
            })
            .await;
        self.each("client_grants", &entry.client_grants, async |draft| {
            registrar.put_client_grant(tenant, draft, mode).await
        })
        .await;
        self.each("users", &entry.users, async |draft| registrar.put_user(tenant, draft, mode).await).await;
        self.members(&entry.organizations, &refused).await;
    }

    /// The members of organizations, once users and roles stand.
    async fn members(&mut self, organizations: &[&RawValue], refused: &HashSet<usize>) {
        let (registrar, tenant) = (self.registrar, self.tenant.clone());
        for (at, raw) in organizations.iter().enumerate() {
            let Ok(entry) = read::<OrganizationEntry<'_>>(raw.get()) else { continue };
            let list = format!("organizations[{at}].members");
            if refused.contains(&at) && !entry.members.is_empty() {
                let count = entry.members.len();
                let left_out = format!("{count} members were left out with their organization");
                self.report.refuse(&format!("{}.{list}", self.path), &Refusal::flaw("", &left_out));
                continue;
            }
            let Some(handle) = entry.handle() else { continue };
            self.each(&list, &entry.members, async |member: MemberEntry| {
                registrar.put_membership(&tenant, member.into_draft(handle), Mode::Import).await
            })
            .await;
        }
    }

    /// Puts the records of one list; the indices of those that were refused.
    async fn each<'f, D, T, F>(&mut self, list: &str, items: &[&'f RawValue], put: F) -> HashSet<usize>
    where
        D: Deserialize<'f> + Distinct,
        T: Shown,
        F: AsyncFn(D) -> Result<Put<T>, Refusal>,
    {
        let mut seen = HashMap::new();
        let put = &put;
        let mut outcomes = stream::iter(items.iter().enumerate())
            .map(|(at, raw)| {
                let first = read::<D>(raw.get()).and_then(|draft| first_of(&draft, at, &mut seen));
                async move {
                    let outcome = match first {
                        Ok(()) => patiently(raw, put).await,
                        Err(refusal) => Err(refusal),
                    };
                    (at, outcome)
                }
            })
            .buffer_unordered(self.registrar.abreast());
        let mut refused = Vec::new();
        while let Some((at, outcome)) = outcomes.next().await {
            match outcome {
                Ok(put) => {
                    self.report.accept(put.outcome);
                    let shown = put.secret.map(|secret| (put.record.shown_as(), secret));
                    self.report.secrets.extend(shown);
                }
                Err(refusal) => refused.push((at, refusal)),
            }
            (self.progress)(self.report.records() + refused.len() as u64);
        }
        refused.sort_by_key(|(at, _)| *at);
        for (at, refusal) in &refused {
            self.report.refuse(&format!("{}.{list}[{at}]", self.path), refusal);
        }
        refused.into_iter().map(|(at, _)| at).collect()
    }
}

/// Records of which a report may have to show a secret.
pub(crate) trait Shown {
    /// How the record is called beside its secret.
    fn shown_as(&self) -> String {
        String::new()
    }
}

impl Shown for Client {
    fn shown_as(&self) -> String {
        self.client_id.to_string()
    }
}

impl Shown for crate::model::client_grant::ClientGrant {}
impl Shown for crate::model::connection::Connection {}
impl Shown for crate::model::membership::Membership {}
impl Shown for crate::model::organization::Organization {}
impl Shown for crate::model::resource_server::ResourceServer {}
impl Shown for crate::model::role::Role {}
impl Shown for crate::model::user::User {}
