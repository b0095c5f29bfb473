//! The command line.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::boot::{self, Surroundings};
use crate::cli::arguments::{Arguments, Command, ImportArguments};
use crate::config::{Config, StoreKind};
use crate::transport;

pub mod arguments;
pub mod bench;
pub mod check;
pub mod demo;
pub mod export;
pub mod import;
pub mod keys;
pub mod plan;
mod runtime;
pub mod serve;
pub mod token;

/// The configuration, or the command line, is at fault (`EX_USAGE` of sysexits.h).
pub const EXIT_USAGE: u8 = 64;

/// The server could not be reached (`EX_UNAVAILABLE` of sysexits.h).
pub const EXIT_UNAVAILABLE: u8 = 69;

/// Does what the command line asks.
pub fn run(arguments: Arguments) -> ExitCode {
    match arguments.command {
        Command::Bench(arguments) => {
            ExitCode::from(bench::run(&arguments, &mut std::io::stdout(), &mut std::io::stderr()))
        }
        Command::Check(arguments) => check::run(&arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Import(arguments) => import_file(arguments),
        Command::Keys(arguments) => keys::run(arguments),
        Command::Plan(arguments) => {
            ExitCode::from(plan::run(&arguments, &mut std::io::stdout(), &mut std::io::stderr()))
        }
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Token(arguments) => {
            transport::tls::install_provider();
            ExitCode::from(token::run(&arguments, &mut std::io::stdout(), &mut std::io::stderr()))
        }
    }
}

fn import_file(arguments: ImportArguments) -> ExitCode {
    let config = match configured(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(status) => return status,
    };
    on_runtime(config.store, async move {
        let engine = match boot::engine(&config, Surroundings::system()).await {
            Ok(engine) => engine,
            Err(error) => return failed(&error),
        };
        let registrar = boot::registrar::registrar(&engine);
        let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
        let visible = err.is_terminal();
        let status = import::run(&arguments.file, &registrar, &mut out, (&mut err, visible)).await;
        engine.actors().stop().await;
        engine.store().close().await;
        ExitCode::from(status)
    })
}

/// The configuration from a file and the environment.
fn configured(path: Option<&Path>) -> Result<Config, ExitCode> {
    Config::load(path, std::env::vars()).map_err(|error| fault(&error))
}

/// Tells of a configuration fault.
fn fault(error: &dyn std::fmt::Display) -> ExitCode {
    told(error, EXIT_USAGE)
}

/// Tells that something needed does not answer.
fn failed(error: &dyn std::fmt::Display) -> ExitCode {
    told(error, EXIT_UNAVAILABLE)
}

fn told(error: &dyn std::fmt::Display, status: u8) -> ExitCode {
    // A closed terminal cannot be told anything.
    let _printed = writeln!(std::io::stderr(), "{error}");
    ExitCode::from(status)
}

/// Runs `work` to its end on a runtime with one worker per core.
fn on_runtime(store: StoreKind, work: impl Future<Output = ExitCode>) -> ExitCode {
    match runtime::builder(store).build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => failed(&error),
    }
}

/// Reads the command line; `Err` is the exit status after help, version or a fault was printed: 64 for a fault.
///
/// # Errors
/// The exit status.
pub fn read<I>(words: I) -> Result<Arguments, ExitCode>
where
    I: IntoIterator,
    I::Item: Into<std::ffi::OsString> + Clone,
{
    use clap::Parser as _;
    Arguments::try_parse_from(words).map_err(|error| {
        // A closed terminal cannot be told anything.
        let _printed = error.print();
        if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS }
    })
}
