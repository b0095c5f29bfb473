//! One row per claim, and which token carries it.
