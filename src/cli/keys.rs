//! `jeton keys`: lists and rotates signing keys, on the store itself.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use crate::boot::{Surroundings, engine};
use crate::cli::arguments::{KeysAction, KeysArguments};
use crate::cli::{EXIT_UNAVAILABLE, EXIT_USAGE, configured, on_runtime};
use crate::config::Config;
use crate::engine::Engine;
use crate::model::signing_key::{Algorithm, KeyState, SigningKeyRecord};
use crate::protocol::ids::TenantId;
use crate::tenancy::TenantView;

/// Does what is asked; 64 for an unknown tenant or algorithm, 69 when the store does not answer.
pub fn run(arguments: KeysArguments) -> ExitCode {
    match configured(arguments.config.as_deref()) {
        Ok(config) => on_runtime(config.store, act(config, arguments)),
        Err(status) => status,
    }
}

async fn act(config: Config, arguments: KeysArguments) -> ExitCode {
    let outcome = match engine(&config, Surroundings::system()).await {
        Ok(engine) => {
            let outcome = each_tenant(&engine, &arguments).await;
            engine.actors().stop().await;
            engine.store().close().await;
            outcome
        }
        Err(error) => Err((EXIT_UNAVAILABLE, error.to_string())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err((status, problem)) => {
            // A closed terminal cannot be told anything.
            let _printed = writeln!(std::io::stderr(), "{problem}");
            ExitCode::from(status)
        }
    }
}

async fn each_tenant(engine: &Engine, arguments: &KeysArguments) -> Result<(), (u8, String)> {
    for tenant in tenants(engine, arguments.tenant.as_deref())? {
        let id = &tenant.tenant.id;
        if let KeysAction::Rotate { algorithm } = &arguments.action {
            let algorithm = algorithm.as_deref().map(named).transpose()?;
            let rotated = engine.actors().keyring.rotate(id, algorithm).await;
            rotated.map_err(|error| (EXIT_UNAVAILABLE, format!("{id}: {error}")))?;
        }
        list(engine, id).await?;
    }
    Ok(())
}

fn tenants(engine: &Engine, only: Option<&str>) -> Result<Vec<Arc<TenantView>>, (u8, String)> {
    let Some(only) = only else { return Ok(engine.tenancy().all()) };
    let found = engine.tenancy().by_id(&TenantId::from(only));
    found.map(|tenant| vec![tenant]).ok_or_else(|| (EXIT_USAGE, format!("no tenant is called {only}")))
}

fn named(name: &str) -> Result<Algorithm, (u8, String)> {
    let found = Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name);
    found.ok_or_else(|| (EXIT_USAGE, format!("{name} is none of EdDSA, ES256, RS256")))
}

async fn list(engine: &Engine, tenant: &TenantId) -> Result<(), (u8, String)> {
    let keys = engine.cached().catalog().all::<SigningKeyRecord>(tenant).await;
    for key in keys.map_err(|error| (EXIT_UNAVAILABLE, error.to_string()))? {
        let state = match key.status {
            KeyState::Active { since } => format!("active since {}", shown(since)),
            KeyState::Next { published_at } => format!("next, published {}", shown(published_at)),
            KeyState::Retiring { until } => format!("retiring until {}", shown(until)),
        };
        let _printed =
            writeln!(std::io::stdout(), "{tenant}  {}  {}  {state}", key.algorithm.name(), key.kid);
    }
    Ok(())
}

fn shown(at: crate::clock::UnixMs) -> String {
    let at = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map_or_else(String::new, |at| at.to_string())
}
