//! The program as an operator meets it: exit statuses, what is said on which stream, signals.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bench;
mod check;
mod export;
mod keys;
#[path = "../cluster/node.rs"]
mod node;
mod place;
mod plan;
mod serve;
mod token;
