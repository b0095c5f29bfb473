//! The interactive flows over HTTP, followed redirect by redirect: a real server in this process, a browser by hand.

#![expect(clippy::unwrap_used, reason = "a flow that cannot go on has failed")]

mod account_page;
mod accounts;
mod attack_protection;
mod backchannel_logout;
mod branding;
mod browser;
mod brute_force;
mod claims_parameter;
mod code_exchange;
mod connections;
mod consent;
mod contents;
mod cross_origin;
mod frontchannel_logout;
mod invitations;
mod logout;
mod mail_templates;
mod open_redirects;
mod organizations;
mod pages;
mod password_policy;
mod passwordless;
mod pushed_requests;
mod races;
mod receiver;
mod registration;
mod remembered_consent;
mod request_objects;
mod requests;
mod response_types;
mod session_lifetimes;
mod signup_profile;
mod signup_verification;
mod single_sign_on;
mod smtp;
mod strangers;
#[path = "../flows/watched_store.rs"]
mod watched_store;
mod web_message;
mod world;
