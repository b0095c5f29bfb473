//! The embedded store as a backend of the suite.

use jeton::clock::Clock;
use jeton::config;
use jeton::store::Health as _;
use jeton::store::embedded::Embedded;

use crate::world::World;

/// A fresh embedded store in a directory of its own, removed afterwards.
pub(crate) async fn world() -> World {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let section = config::embedded::Embedded {
        path: directory.path().join("store"),
        ..config::embedded::Embedded::default()
    };
    let store = Embedded::open(&section, Clock::System).expect("a fresh store opens");
    store.ping().await.expect("it answers");
    World::new(store, directory)
}
