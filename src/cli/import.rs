//! `jeton import FILE`: tells on standard error what was refused and why, on standard output what was made.

use std::io::Write;
use std::path::Path;

use crate::cli::EXIT_USAGE;
use crate::engine::records::Registrar;

pub mod file;
pub mod load;
pub mod report;

pub use load::import;
pub use report::{Refused, Report};

/// A line of progress is written each time so many records are done.
const PROGRESS: u64 = 10_000;

/// Imports `file` and tells about it. The exit status: 0, 1 when a record was refused, 64 when the file cannot be
/// read at all.
pub async fn run(
    file: &Path,
    registrar: &Registrar,
    out: &mut (impl Write + Send),
    err: &mut (impl Write + Send),
) -> u8 {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return fault(err, file, &error),
    };
    let mut progress = |done: u64| {
        if done.is_multiple_of(PROGRESS) {
            // Progress that nobody can see is no reason to stop.
            let _written = writeln!(err, "{done} records");
        }
    };
    match import(&text, registrar, &mut progress).await {
        Ok(report) => told(&report, out, err),
        Err(refusal) => fault(err, file, &refusal),
    }
}

fn fault(err: &mut impl Write, file: &Path, error: &dyn std::fmt::Display) -> u8 {
    let _written = writeln!(err, "{}: {error}", file.display());
    EXIT_USAGE
}

/// Writes a report for people to read; what cannot be written does not change the exit status.
fn told(report: &Report, out: &mut impl Write, err: &mut impl Write) -> u8 {
    for refused in &report.refused {
        let _written = writeln!(err, "{refused}");
    }
    for (client, secret) in &report.secrets {
        let _written = writeln!(out, "client {client}: client_secret {} (shown only now)", secret.expose());
    }
    let Report { created, updated, unchanged, .. } = report;
    let refused = report.refused_records;
    let _written =
        writeln!(out, "created {created}, updated {updated}, unchanged {unchanged}, refused {refused}");
    u8::from(refused > 0)
}

#[cfg(test)]
mod tests;
