//! The `ring` section.
