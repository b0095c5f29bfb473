//! Supervised actors: order, coalesce, bound and cache; the store decides.

pub mod audit;
mod chore;
mod dead;
mod lane;
pub mod memberships;
pub mod passwords;
mod post;
mod restarts;
pub mod ring;
mod root;
mod shard;

pub use audit::Audit;
pub use memberships::Memberships;
pub use passwords::{HashError, Passwords, Verdict};
pub use ring::{Ring, RingError};
