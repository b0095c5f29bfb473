//! `jeton serve --demo`: a worked tenant, and requests that work when pasted.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::boot::registrar::registrar;
use crate::cli::import;
use crate::config::Config;
use crate::engine::Engine;
use crate::engine::records::Refusal;

/// The demo tenant; compiled in, so that the program needs no file beside it.
const DEMO: &str = include_str!("../../config/demo/demo.json");

/// The requests, for a shell; `@BASE@` is where the server answers.
const REQUESTS: &str = include_str!("../../config/demo/requests.sh");

/// Keeps the demo out of the way of real data.
pub fn configure(config: &mut Config) {
    if config.embedded.path == Config::default().embedded.path {
        config.embedded.path = "data/demo".into();
    }
}

/// Imports the demo tenant (again, harmlessly).
///
/// # Errors
/// [`Refusal`] when the file as a whole is refused.
pub async fn prepare(engine: &Arc<Engine>) -> Result<(), Refusal> {
    let report = import::import(DEMO, &registrar(engine), &mut |_| {}).await?;
    for refused in &report.refused {
        tracing::warn!(%refused, "a demo record was refused");
    }
    Ok(())
}

/// Prints requests to try on standard output.
pub fn tell(public: SocketAddr) {
    let text = REQUESTS.replace("@BASE@", &format!("http://localhost:{}", public.port()));
    // A closed terminal cannot be told anything.
    let _printed = writeln!(std::io::stdout(), "{text}");
}
