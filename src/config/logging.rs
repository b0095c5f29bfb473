//! The `logging` section.
