//! The words of the RFCs: pure and total, no I/O, no clock.

pub mod authorization;
pub mod base64url;
pub mod claims_request;
pub mod form;
pub mod grant_type;
pub mod ids;
pub mod jwk;
pub mod jwt;
pub mod oauth_error;
pub mod pkce;
pub mod redirect_uri;
pub mod scope;
