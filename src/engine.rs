//! The one context that handlers get.
