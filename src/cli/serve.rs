//! `jeton serve`: configuration before any port is bound, then requests until told to stop.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use crate::boot::{self, Listeners, Server, StartError, Surroundings};
use crate::cli::arguments::ServeArguments;
use crate::cli::{EXIT_UNAVAILABLE, configured, demo, on_runtime};
use crate::config::Config;
use crate::telemetry::logs;

/// Runs the server; 64 on a configuration fault, 69 when a part does not start or fails for good.
pub fn run(arguments: &ServeArguments) -> ExitCode {
    let mut config = match configured(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(status) => return status,
    };
    if arguments.demo {
        demo::configure(&mut config);
    }
    if let Err(error) = logs::start(&config.logging) {
        return crate::cli::fault(&error);
    }
    on_runtime(config.store, serve(config, arguments.demo))
}

async fn serve(config: Config, with_demo: bool) -> ExitCode {
    let server = match start(&config, with_demo).await {
        Ok(server) => server,
        Err(error) => {
            tracing::error!(%error, "did not start");
            return ExitCode::from(EXIT_UNAVAILABLE);
        }
    };
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        public = %server.public_address(),
        operations = %server.operations_address(),
        "serving"
    );
    let told = tokio::select! {
        signal = asked_to_stop() => Some(signal),
        () = server.failed() => None,
    };
    if let Some(signal) = told {
        tracing::info!(signal, "draining");
    } else {
        tracing::error!("an actor failed more often than its restart budget allows; stopping");
    }
    let drained = server.stop().await;
    tracing::info!(?drained, "stopped");
    if told.is_some() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_UNAVAILABLE) }
}

/// A server that answers requests; with the demo tenant in it from the first one on.
async fn start(config: &Config, with_demo: bool) -> Result<Server, StartError> {
    let listeners = Listeners::bind(config).await?;
    let engine = boot::engine(config, Surroundings::system()).await?;
    if with_demo {
        demo::prepare(&engine).await.map_err(|refusal| StartError::Bootstrap(refusal.to_string()))?;
        demo::tell(listeners.public_address());
    }
    Server::serve(config, listeners, engine).await
}

/// The name of the signal that asked to stop.
async fn asked_to_stop() -> &'static str {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::warn!("signals cannot be listened to; only a kill stops this process");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
