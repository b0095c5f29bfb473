//! The pages that people see: compiled in, without script, in their language, under a strict policy.
//!
//! A page is reached with a sealed request (`state`) that opens only in the browser in which it was begun: that is
//! what keeps other sites from posting its form.

pub mod account;
pub mod consent;
pub mod error;
pub mod forgot;
pub mod layout;
pub mod login;
pub mod logout;
pub mod look;
pub mod magic_link;
pub mod organization;
pub mod reset;
pub mod signup;
pub mod unblock;
pub mod verify;
pub mod visit;
pub mod welcome;
pub mod words;

use std::sync::Arc;

use crate::engine::{Engine, own_account};
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::transport::exchange::Exchange;
use crate::transport::reply::Reply;

use visit::Visit;

/// Whether a page may be at `path`.
pub fn is_page(path: &str) -> bool {
    path.starts_with("/u/") || path == magic_link::PATH
}

/// Answers with the page at a path below `/u/`.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(engine: &Arc<Engine>, exchange: &Exchange) -> Result<Reply, OAuthError> {
    match exchange.path() {
        own_account::PATH => account::answer(engine, exchange).await,
        "/u/consent" => consent::answer(Visit::of(engine, exchange).await?).await,
        "/u/login" => login::answer(Visit::of(engine, exchange).await?).await,
        "/u/forgot" => forgot::answer(Visit::of(engine, exchange).await?).await,
        "/u/logged-out" => logout::done(engine, exchange).await,
        "/u/logout" => logout::answer(engine, exchange).await,
        "/u/organization" => organization::answer(Visit::of(engine, exchange).await?).await,
        "/u/reset" => reset::answer(engine, exchange).await,
        "/u/signup" => signup::answer(Visit::of(engine, exchange).await?).await,
        "/u/unblock" => unblock::answer(engine, exchange).await,
        "/u/verify" => verify::answer(engine, exchange).await,
        "/u/welcome" => welcome::answer(engine, exchange).await,
        magic_link::PATH => magic_link::answer(engine, exchange).await,
        _ => Err(OAuthError::new(ErrorCode::NotFound, Fault::Client, "There is nothing at this path")),
    }
}
