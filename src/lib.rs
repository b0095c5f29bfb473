//! Jeton: an Auth0-compatible OAuth 2.0 / OpenID Connect server built around `POST /oauth/token`.

pub mod actors;
pub mod boot;
pub mod claims;
pub mod cli;
pub mod client_auth;
pub mod clock;
pub mod config;
pub mod endpoints;
pub mod engine;
pub mod grants;
pub mod management;
pub mod model;
mod niceness;
pub mod pages;
pub mod protocol;
pub mod routes;
pub mod signing;
pub mod store;
pub mod telemetry;
pub mod tenancy;
pub mod transport;
