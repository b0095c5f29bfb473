//! `jeton check`: is the configuration right, and does everything it names answer?

use std::io::Write as _;
use std::process::ExitCode;

use crate::boot::{Surroundings, engine};
use crate::cli::arguments::CheckArguments;
use crate::cli::{EXIT_UNAVAILABLE, configured, on_runtime};
use crate::config::Config;

/// Prints the effective configuration without its secrets; 64 on a fault, 69 when something does not answer.
pub fn run(arguments: &CheckArguments) -> ExitCode {
    let config = match configured(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(status) => return status,
    };
    // A closed terminal cannot be told anything.
    let _printed = writeln!(std::io::stdout(), "{}", config.redacted());
    on_runtime(config.store, connect(config))
}

async fn connect(config: Config) -> ExitCode {
    let answered = match engine(&config, Surroundings::system()).await {
        Ok(engine) => {
            let answered = engine.store().ping().await.map_err(|error| format!("store: {error}"));
            engine.actors().stop().await;
            engine.store().close().await;
            answered
        }
        Err(error) => Err(error.to_string()),
    };
    let (said, status) = match answered {
        Ok(()) => ("configuration and connections are in order".to_owned(), ExitCode::SUCCESS),
        Err(error) => (error, ExitCode::from(EXIT_UNAVAILABLE)),
    };
    let _printed = writeln!(std::io::stderr(), "{said}");
    status
}
