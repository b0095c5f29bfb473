//! Black-box flows over HTTP: a real server in this process, real sockets, real tokens.

#![expect(clippy::unwrap_used, reason = "a flow that cannot go on has failed")]

mod answer;
mod bad_input;
mod client_authentication;
mod client_credentials;
mod discovery;
mod introspection;
mod metrics;
mod organizations;
mod passwords;
mod refresh;
mod refresh_lifetimes;
mod revocation;
mod store_down;
mod tenants;
mod userinfo;
mod watched_store;
mod world;
