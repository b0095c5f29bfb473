//! The `passwords` section.
