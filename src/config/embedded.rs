//! The `embedded` section.
