//! One file per OAuth / OpenID Connect endpoint.

pub mod authorize;
pub mod cross_origin;
pub mod dbconnections;
pub mod discovery;
pub mod introspect;
pub mod jwks;
pub mod logout;
pub mod operations;
pub mod par;
pub mod passwordless;
pub mod register;
pub mod revoke;
pub mod token;
pub mod userinfo;
