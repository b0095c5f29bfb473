//! `/u/verify`: an address is proved, by the link in a message. Opening the link twice is no fault.

use http::StatusCode;
use maud::html;

use crate::engine::Engine;
use crate::engine::tickets::Errand;
use crate::pages::layout::{self, Frame};
use crate::pages::{visit, words};
use crate::protocol::oauth_error::OAuthError;
use crate::transport::exchange::Exchange;
use crate::transport::reply::Reply;

/// Marks the address as proved, and says so.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Result<Reply, OAuthError> {
    let form = visit::parameters(exchange)?;
    let (tenant, words) = (exchange.tenant(), words::chosen(None, exchange.headers()));
    let found = engine.ticket(tenant, Errand::Verify, form.value("ticket").unwrap_or_default()).await?;
    let (_, user) = found.ok_or_else(visit::stale)?;
    engine.confirm_address(tenant, &user).await?;
    let frame = Frame { tenant, words, title: words.email, targets: "" };
    Ok(layout::page(frame, StatusCode::OK, &html! { p role="status" { (words.email_verified) } }))
}
