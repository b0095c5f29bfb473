//! What is remembered, as plain records and state machines; time is an argument.

pub mod attack_protection;
pub mod branding;
pub mod change;
pub mod client;
pub mod client_grant;
pub mod connection;
pub mod consent;
pub mod credential;
pub mod custom_domain;
pub mod email_template;
pub mod family;
pub mod invitation;
pub mod log_event;
pub mod membership;
pub mod oidc_logout;
pub mod organization;
pub mod password_policy;
pub mod record;
pub mod resource_server;
pub mod role;
pub mod session;
pub mod signing_key;
pub mod statistics;
pub mod tenant;
pub mod term;
pub mod user;
