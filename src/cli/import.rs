//! `jeton import FILE`: tells on standard error what was refused and why, on standard output what was made.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use crate::cli::EXIT_USAGE;
use crate::engine::records::{Refusal, Registrar};

pub mod file;
pub mod lines;
pub mod load;
pub mod report;

pub use lines::import_lines;
pub use load::{Done, Progress, import};
pub use report::{Refused, Report};

/// How often the line of progress is written.
const PROGRESS: Duration = Duration::from_millis(200);

/// The line of progress: records, records a second, and how much of the file is done.
struct Ticker<'a, W> {
    err: &'a mut W,
    visible: bool,
    began: Instant,
    shown: Option<Instant>,
}

/// Why a file was not imported at all.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Imports `file`, a JSON document or JSON lines, and tells about it; progress only where it is `visible`. The exit
/// status: 0, 1 when a record was refused, 64 when the file cannot be read at all.
pub async fn run(
    file: &Path,
    registrar: &Registrar,
    out: &mut (impl Write + Send),
    (err, visible): (&mut (impl Write + Send), bool),
) -> u8 {
    let mut ticker = Ticker { err: &mut *err, visible, began: Instant::now(), shown: None };
    let report = read(file, registrar, &mut |done| ticker.tick(&done)).await;
    ticker.end();
    match report {
        Ok(report) => told(&report, out, err),
        Err(error) => fault(err, file, &error),
    }
}

async fn read(path: &Path, registrar: &Registrar, progress: &mut Progress<'_>) -> Result<Report, Unread> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut file = BufReader::new(file);
    let mut first = String::new();
    while first.trim().is_empty() && file.read_line(&mut first)? > 0 {}
    if lines::is_line(&first) {
        let mut whole = std::io::Cursor::new(first).chain(file);
        return Ok(import_lines(&mut whole, size, registrar, progress).await?);
    }
    file.read_to_string(&mut first)?;
    Ok(import(&first, registrar, progress).await?)
}

impl<W: Write> Ticker<'_, W> {
    fn tick(&mut self, done: &Done) {
        if !self.visible || self.shown.is_some_and(|shown| shown.elapsed() < PROGRESS) {
            return;
        }
        self.shown = Some(Instant::now());
        #[expect(clippy::cast_precision_loss, reason = "a pace for people to look at")]
        let pace = done.records as f64 / self.began.elapsed().as_secs_f64().max(0.001);
        let share = done.share.map_or_else(String::new, |share| format!(", {:.0} %", share * 100.0));
        // Progress that nobody can see is no reason to stop.
        let _shown = write!(self.err, "\r{} records, {pace:.0}/s{share}   ", done.records);
        let _flushed = self.err.flush();
    }

    fn end(&mut self) {
        if self.shown.is_some() {
            let _ended = writeln!(self.err);
        }
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
