//! Configuration: one section per file; unknown keys are refused.

pub mod audit;
pub mod cache;
pub mod cluster;
pub mod embedded;
pub mod keys;
pub mod limits;
pub mod listeners;
pub mod logging;
pub mod passwords;
pub mod ring;
pub mod tenants;
