//! Supervised actors: order, coalesce, bound and cache; the store decides.

mod dead;
mod lane;
pub mod passwords;
mod post;
mod restarts;
pub mod ring;
mod root;
mod shard;

pub use passwords::{HashError, Passwords, Verdict};
pub use ring::{Ring, RingError};
