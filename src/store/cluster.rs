//! The Redis Cluster store.
