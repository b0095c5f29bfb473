//! `/u/welcome`: the account that was asked for is made, by the link in a message. Nothing of it was stored before.

use http::StatusCode;
use maud::html;

use crate::engine::Engine;
use crate::engine::accounts::Declined;
use crate::pages::layout::{self, Frame};
use crate::pages::words::security;
use crate::pages::{visit, words};
use crate::protocol::oauth_error::OAuthError;
use crate::transport::exchange::Exchange;
use crate::transport::reply::Reply;

/// Asks, or makes the account.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Result<Reply, OAuthError> {
    let form = visit::parameters(exchange)?;
    let (tenant, words) = (exchange.tenant(), words::chosen(None, exchange.headers()));
    let own = security::of(words.language);
    let text = form.value("ticket").unwrap_or_default();
    let ticket = engine.signup_ticket(tenant, text).ok_or_else(visit::stale)?;
    let frame = Frame { tenant, words, title: words.sign_up, targets: "" };
    if exchange.method() != http::Method::POST {
        let contents = layout::one_button("/u/welcome", (text, own.confirm_signup), own.create_account);
        return Ok(layout::page(frame, StatusCode::OK, &contents));
    }
    match engine.confirm_signup(tenant, &ticket).await {
        Ok(()) => Ok(layout::page(frame, StatusCode::OK, &html! { p role="status" { (own.account_made) } })),
        Err(Declined::Error(error)) => Err(error),
        // Used before, or somebody was faster: not more than that may be told.
        Err(_) => Err(visit::stale()),
    }
}
