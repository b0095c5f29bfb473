//! The contract of the store: one suite, every backend.
//!
//! Each file holds the cases of one capability as `async fn case(world: &World)` and lists them once in
//! [`suite!`]. To run them on another backend, write `tests/contract/<backend>.rs` with an
//! `async fn world() -> World` and add one line to `suite!`. A backend that cannot be reached fails its
//! cases; nothing is skipped.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a case that cannot go on has failed")]

/// Makes a test of every case listed, on every backend: `families::embedded::one_winner`.
macro_rules! suite {
    ($($case:ident),+ $(,)?) => {
        on!(cluster: $($case),+);
        on!(embedded: $($case),+);
    };
}

/// Makes a test of every case listed, on one backend.
macro_rules! on {
    ($backend:ident: $($case:ident),+) => {
        mod $backend {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    super::$case(&crate::$backend::world().await).await;
                }
            )+
        }
    };
}

mod audit_log;
mod catalog;
mod change_feed;
mod cluster;
mod cluster_only;
mod counters;
mod durability;
mod embedded;
mod families;
mod identifiers;
mod jobs;
mod memberships;
mod moving_slots;
mod own_cluster;
mod records;
mod rotation;
mod sessions;
mod spends;
mod statistics;
mod terms;
mod world;
