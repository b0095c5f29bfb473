//! Supervised actors: order, coalesce, bound and cache; the store decides.

mod dead;
mod lane;
mod post;
mod restarts;
pub mod ring;
mod root;
mod shard;

pub use ring::{Ring, RingError};
