//! The `cache` section.
