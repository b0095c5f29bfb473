//! The immutable view of tenants, swapped whole; host → tenant.
