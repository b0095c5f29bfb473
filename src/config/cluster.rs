//! The `cluster` section.
