//! What is remembered, as plain records and state machines; time is an argument.

pub mod branding;
pub mod change;
pub mod client;
pub mod client_grant;
pub mod connection;
pub mod consent;
pub mod credential;
pub mod custom_hash;
pub mod family;
pub mod invitation;
pub mod job;
pub mod log_event;
pub mod membership;
pub mod organization;
pub mod record;
pub mod resource_server;
pub mod role;
pub mod session;
pub mod signing_key;
pub mod tenant;
pub mod term;
pub mod user;
