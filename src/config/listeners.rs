//! The `listeners` section.
