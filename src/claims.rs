//! Claims: one row per claim and which token carries it; discovery is derived from the rows.

pub mod discovery;
pub mod facts;
pub mod front_channel;
pub mod issued;
pub mod rows;

pub use facts::{Facts, Requested, Subject};
pub use issued::Issued;
pub use rows::Carrier;
