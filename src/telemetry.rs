//! Structured logs and metrics.

pub mod cells;
pub mod labels;
pub mod logs;
pub mod metrics;
mod process;

pub use metrics::Metrics;
