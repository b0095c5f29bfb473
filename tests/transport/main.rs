//! Transport from outside: raw bytes in, raw bytes out.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bodies;
mod heads;
mod lifetimes;
mod overload;
mod resting;
mod tls;
mod world;
