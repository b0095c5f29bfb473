//! The one context that handlers get.

pub mod records;
