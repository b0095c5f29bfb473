//! `jeton export`: writes tenants as the JSON lines that `jeton import` reads, page by page.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::boot::open_store;
use crate::cli::arguments::ExportArguments;
use crate::cli::{configured, failed, fault, on_runtime};
use crate::clock::Clock;
use crate::config::Config;
use crate::protocol::ids::TenantId;
use crate::store::StoreError;
use crate::store::catalog::Catalog;
use crate::telemetry::metrics::Metrics;

pub mod records;
pub mod walk;

pub use walk::export;

/// Why an export did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no tenant of this name, or none at all.
    #[error("there is no tenant{}", .0.as_ref().map(|id| format!(" {id}")).unwrap_or_default())]
    NoTenant(Option<TenantId>),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lines cannot be written.
    #[error("the export cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

/// What is to be exported.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Only this tenant.
    pub tenant: Option<TenantId>,
    /// With the hashes of client secrets and passwords.
    pub secrets: bool,
}

/// A file that is seen under its name only when it is whole; for its owner only, because it may hold hashes.
struct Whole {
    path: PathBuf,
    part: PathBuf,
    writer: BufWriter<File>,
}

/// Exports, and tells about it on standard error. 64 for an unknown tenant, 69 when the store does not open or answer,
/// 1 when the lines cannot be written.
pub fn run(arguments: ExportArguments) -> ExitCode {
    match configured(arguments.config.as_deref()) {
        Ok(config) => on_runtime(config.store, act(config, arguments)),
        Err(status) => status,
    }
}

async fn act(config: Config, arguments: ExportArguments) -> ExitCode {
    // The store alone: nothing is made, and nothing but the store is needed.
    let store = match open_store::open(&config, &Clock::System, &Metrics::new()).await {
        Ok(store) => store,
        Err(error) => return failed(&error),
    };
    let catalog = Catalog::new(store);
    let wanted =
        Wanted { tenant: arguments.tenant.as_deref().map(TenantId::from), secrets: arguments.with_secrets };
    let exported = match &arguments.out {
        Some(path) => to_file(&catalog, &wanted, path).await,
        None => to_terminal(&catalog, &wanted).await,
    };
    catalog.store().close().await;
    told(exported, &wanted)
}

async fn to_file(catalog: &Catalog, wanted: &Wanted, path: &Path) -> Result<u64, ExportError> {
    let mut file = Whole::begin(path)?;
    let visible = std::io::stderr().is_terminal();
    let mut progress = |records: u64| {
        if visible && records.is_multiple_of(1_000) {
            // Progress that nobody can see is no reason to stop.
            let _shown = write!(std::io::stderr(), "\r{records} records");
        }
    };
    let records = export(catalog, wanted, &mut file.writer, &mut progress).await;
    if visible {
        let _shown = writeln!(std::io::stderr());
    }
    let records = records.inspect_err(|_| file.forget())?;
    file.finish()?;
    Ok(records)
}

async fn to_terminal(catalog: &Catalog, wanted: &Wanted) -> Result<u64, ExportError> {
    let mut out = BufWriter::new(std::io::stdout());
    let records = export(catalog, wanted, &mut out, &mut |_| {}).await?;
    out.flush()?;
    Ok(records)
}

fn told(exported: Result<u64, ExportError>, wanted: &Wanted) -> ExitCode {
    match exported {
        Ok(records) => {
            let without = "; without client secrets and passwords (--with-secrets exports their hashes)";
            let without = if wanted.secrets { "" } else { without };
            // A closed terminal cannot be told anything.
            let _printed = writeln!(std::io::stderr(), "exported {records} records{without}");
            ExitCode::SUCCESS
        }
        Err(error @ ExportError::NoTenant(_)) => fault(&error),
        Err(error @ ExportError::Store(_)) => failed(&error),
        Err(error @ ExportError::Write(_)) => {
            let _printed = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

impl Whole {
    fn begin(path: &Path) -> std::io::Result<Self> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        Ok(Self { path: path.to_owned(), part, writer: BufWriter::new(file) })
    }

    fn finish(mut self) -> std::io::Result<()> {
        self.writer.flush()?;
        self.writer.get_ref().sync_all()?;
        std::fs::rename(&self.part, &self.path)
    }

    fn forget(&self) {
        // What is left under the other name does no harm.
        let _gone = std::fs::remove_file(&self.part);
    }
}

#[cfg(test)]
mod tests;
