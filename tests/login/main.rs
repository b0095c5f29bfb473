//! The interactive flows over HTTP, followed redirect by redirect: a real server in this process, a browser by hand.

#![expect(clippy::unwrap_used, reason = "a flow that cannot go on has failed")]

mod account_page;
mod accounts;
mod backchannel_logout;
mod branding;
mod browser;
mod brute_force;
mod claims_parameter;
mod code_exchange;
mod connections;
mod consent;
mod contents;
mod frontchannel_logout;
mod invitations;
mod logout;
mod open_redirects;
mod organizations;
mod pages;
mod pushed_requests;
mod races;
mod receiver;
mod registration;
mod remembered_consent;
mod request_objects;
mod requests;
mod response_types;
mod session_lifetimes;
mod single_sign_on;
mod strangers;
#[path = "../flows/watched_store.rs"]
mod watched_store;
mod web_message;
mod world;
