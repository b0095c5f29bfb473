//! The `keys` section.
