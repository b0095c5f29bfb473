//! The registrar over a running engine, for imports.

pub use crate::engine::registrar::registrar;
