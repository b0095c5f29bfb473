//! The `limits` section.
