//! The command line.

use std::process::ExitCode;

use crate::cli::arguments::{
    Arguments, CheckArguments, Command, ImportArguments, KeysArguments, ServeArguments,
};

pub mod arguments;
pub mod import;
pub mod token;

/// The configuration, or the command line, is at fault (`EX_USAGE` of sysexits.h).
pub const EXIT_USAGE: u8 = 64;

/// The server could not be reached (`EX_UNAVAILABLE` of sysexits.h).
pub const EXIT_UNAVAILABLE: u8 = 69;

/// What needs the parts put together: SEAM, to be met by `boot`.
pub trait Boot {
    /// Validates configuration and connections and prints them redacted.
    fn check(&self, arguments: CheckArguments) -> ExitCode;

    /// Opens the configured store, makes a registrar and calls [`import::run`].
    fn import(&self, arguments: ImportArguments) -> ExitCode;

    /// Lists or rotates signing keys.
    fn keys(&self, arguments: KeysArguments) -> ExitCode;

    /// Makes rustls usable by clients inside this process: installs its process-wide crypto provider.
    fn prepare_tls(&self);

    /// Runs the server until it is told to stop.
    fn serve(&self, arguments: ServeArguments) -> ExitCode;
}

/// Does what the command line asks.
pub fn run(arguments: Arguments, boot: &impl Boot) -> ExitCode {
    match arguments.command {
        Command::Check(arguments) => boot.check(arguments),
        Command::Import(arguments) => boot.import(arguments),
        Command::Keys(arguments) => boot.keys(arguments),
        Command::Serve(arguments) => boot.serve(arguments),
        Command::Token(arguments) => {
            boot.prepare_tls();
            ExitCode::from(token::run(&arguments, &mut std::io::stdout(), &mut std::io::stderr()))
        }
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
