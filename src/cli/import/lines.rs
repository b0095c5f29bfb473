//! Imports from JSON lines, which `jeton export` writes: one record a line, named by its kind, behind its tenant and
//! what it refers to. A few lines are at hand at a time, however long the file is.

use std::io::BufRead;

use futures_util::stream::{self, StreamExt as _};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cli::import::load::{Done, Progress, Shown, patiently, share};
use crate::cli::import::report::Report;
use crate::engine::records::clients::ClientDraft;
use crate::engine::records::flaws::read;
use crate::engine::records::secrets::Secret;
use crate::engine::records::tenants::TenantDraft;
use crate::engine::records::{Mode, Outcome, Put, Refusal, Registrar};
use crate::model::tenant::Tenant;

/// Lines of one kind put side by side; the next kind waits for them.
const BATCH: usize = 4_096;

/// Bytes of lines that are at hand, and no more than one line above.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// One line.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    #[serde(borrow)]
    Client(&'a RawValue),
    ClientGrant(&'a RawValue),
    Connection(&'a RawValue),
    Member(&'a RawValue),
    Organization(&'a RawValue),
    ResourceServer(&'a RawValue),
    Role(&'a RawValue),
    Tenant(&'a RawValue),
    User(&'a RawValue),
}

/// One import under way.
struct Lines<'a> {
    registrar: &'a Registrar,
    /// The tenant of the lines that follow; absent before the first and after one that was refused.
    tenant: Option<Tenant>,
    /// Lines without a tenant, since the line of this number.
    left_out: Option<(u64, u64)>,
    report: Report,
    progress: &'a mut (dyn FnMut(Done) + Send + 'a),
    size: u64,
}

/// What a line came to, and the secret that was made for it.
type Fate = Result<(Outcome, Option<(String, Secret)>), Refusal>;

/// Whether a file that begins with `line` holds JSON lines.
pub(crate) fn is_line(line: &str) -> bool {
    serde_json::from_str::<Line<'_>>(line).is_ok()
}

/// Imports the lines of a file of `size` bytes. `progress` is told after each record how many are done.
///
/// # Errors
/// The file cannot be read any further; what came before was imported.
pub async fn import_lines(
    file: &mut impl BufRead,
    size: u64,
    registrar: &Registrar,
    mut progress: &mut Progress<'_>,
) -> std::io::Result<Report> {
    let mut lines = Lines {
        registrar,
        tenant: None,
        left_out: None,
        report: Report::default(),
        progress: &mut progress,
        size,
    };
    let (mut number, mut bytes, mut at_hand) = (0, 0, 0);
    let mut batch: Vec<(u64, String)> = Vec::new();
    loop {
        let mut line = String::new();
        let read = file.read_line(&mut line)?;
        number += 1;
        let full = batch.len() >= BATCH || at_hand >= BATCH_BYTES;
        let apart = batch.last().is_some_and(|(_, last)| kind(last) != kind(&line));
        if !batch.is_empty() && (read == 0 || full || apart) {
            lines.put(&batch, bytes).await;
            batch.clear();
            at_hand = 0;
        }
        if read == 0 {
            lines.tell_left_out();
            return Ok(lines.report);
        }
        bytes += read as u64;
        if !line.trim().is_empty() {
            at_hand += read;
            batch.push((number, line));
        }
    }
}

/// What tells the kinds of lines apart: the text before the first colon.
fn kind(line: &str) -> &str {
    line.split(':').next().unwrap_or_default()
}

impl Lines<'_> {
    /// Puts lines of one kind; `bytes` of the file end with them.
    async fn put(&mut self, batch: &[(u64, String)], bytes: u64) {
        // Lines of tenants change what the next ones mean.
        if let Ok(Line::Tenant(_)) = read::<Line<'_>>(&batch[0].1) {
            for (number, line) in batch {
                self.tenant(*number, line).await;
            }
            return;
        }
        let Some(tenant) = self.tenant.clone() else {
            let (first, count) = self.left_out.get_or_insert((batch[0].0, 0));
            tracing::debug!(first, "lines without a tenant");
            *count += batch.len() as u64;
            return;
        };
        let registrar = self.registrar;
        let all = stream::iter(0..batch.len()).map(|at| numbered(registrar, &tenant, &batch[at]));
        let mut fates = all.buffered(registrar.abreast());
        while let Some((number, fate)) = fates.next().await {
            self.report.note(number, fate);
            (self.progress)(Done { records: self.report.records(), share: share(bytes, self.size) });
        }
    }

    async fn tenant(&mut self, number: u64, line: &str) {
        self.tell_left_out();
        let put = match tenant_draft(line) {
            Ok(draft) => self.registrar.put_tenant(draft, Mode::Import).await,
            Err(refusal) => Err(refusal),
        };
        self.tenant = put.as_ref().ok().map(|put| put.record.clone());
        self.report.note(number, put.map(|put| (put.outcome, None)));
    }

    fn tell_left_out(&mut self) {
        let Some((first, count)) = self.left_out.take() else { return };
        let why = format!("{count} records were left out: no tenant stands before them");
        self.report.refuse(&format!("line {first}"), &Refusal::flaw("", &why));
    }
}

fn tenant_draft(line: &str) -> Result<TenantDraft, Refusal> {
    match read::<Line<'_>>(line)? {
        Line::Tenant(raw) => read(raw.get()),
        Line::Client(_)
        | Line::ClientGrant(_)
        | Line::Connection(_)
        | Line::Member(_)
        | Line::Organization(_)
        | Line::ResourceServer(_)
        | Line::Role(_)
        | Line::User(_) => Err(Refusal::flaw("", &"expected a tenant")),
    }
}

async fn numbered(registrar: &Registrar, tenant: &Tenant, line: &(u64, String)) -> (u64, Fate) {
    let fate = match read::<Line<'_>>(&line.1) {
        Ok(read) => put(registrar, tenant, read).await,
        Err(refusal) => Err(refusal),
    };
    (line.0, fate)
}

async fn put(registrar: &Registrar, tenant: &Tenant, line: Line<'_>) -> Fate {
    let mode = Mode::Import;
    match line {
        Line::Client(raw) => {
            let put =
                patiently(raw, async |draft: ClientDraft| registrar.put_client(tenant, draft, mode).await);
            put.await.map(fate)
        }
        Line::ClientGrant(raw) => {
            let put = patiently(raw, async |draft| registrar.put_client_grant(tenant, draft, mode).await);
            put.await.map(fate)
        }
        Line::Connection(raw) => {
            let put = patiently(raw, async |draft| registrar.put_connection(tenant, draft, mode).await);
            put.await.map(fate)
        }
        Line::Member(raw) => {
            let put = patiently(raw, async |draft| registrar.put_membership(tenant, draft, mode).await);
            put.await.map(fate)
        }
        Line::Organization(raw) => {
            let put = patiently(raw, async |draft| registrar.put_organization(tenant, draft, mode).await);
            put.await.map(fate)
        }
        Line::ResourceServer(raw) => {
            let put = patiently(raw, async |draft| registrar.put_resource_server(tenant, draft, mode).await);
            put.await.map(fate)
        }
        Line::Role(raw) => {
            let put = patiently(raw, async |draft| registrar.put_role(tenant, draft, mode).await);
            put.await.map(fate)
        }
        Line::Tenant(_) => Err(Refusal::flaw("", &"expected a tenant only between other tenants' records")),
        Line::User(raw) => {
            let put = patiently(raw, async |draft| registrar.put_user(tenant, draft, mode).await);
            put.await.map(fate)
        }
    }
}

fn fate<T: Shown>(put: Put<T>) -> (Outcome, Option<(String, Secret)>) {
    let secret = put.secret.map(|secret| (put.record.shown_as(), secret));
    (put.outcome, secret)
}
