//! All actors of a node over a store that answers at once, with caches that hold what the bench wants.

use jeton::actors::{Actors, Deps, Settings};
use jeton::clock::{Clock, Entropy};
use jeton::config::passwords::Passwords;
use jeton::signing::sealing::{MasterKey, Sealer};
use jeton::telemetry::metrics::Metrics;
use tokio::runtime::Runtime;

use crate::instant::Instant;

/// Actors on a runtime of two threads; `None` when they do not start.
pub(crate) fn stage(settings: Settings) -> Option<(Runtime, Actors)> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().ok()?;
    let passwords = Passwords { memory_kib: 64, ..Passwords::default() };
    let deps = Deps {
        store: Instant::shared(),
        sealer: Sealer::new(&MasterKey::new([7; 32]), 1, &[]),
        clock: Clock::System,
        entropy: Entropy::System,
        metrics: Metrics::new(),
        settings: Settings { passwords, ..settings },
    };
    let actors = runtime.block_on(Actors::start(deps)).ok()?;
    Some((runtime, actors))
}
