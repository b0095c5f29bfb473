//! The management API over HTTP: a real server in this process, real sockets, real tokens.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answer;
mod attack_protection;
mod branding;
mod clients;
mod custom_domains;
mod email_templates;
mod guard;
mod invitations;
mod jobs;
mod limits;
mod organization_connections;
mod organization_grants;
mod organizations;
mod races;
mod resource_servers;
mod revocations;
mod stats;
mod tenant;
mod tenants;
mod users;
mod world;
