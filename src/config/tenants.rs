//! The `tenants` section.
