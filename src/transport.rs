//! HTTP: listeners, TLS, limits, peers; knows no endpoint.
