//! The `audit` section.
