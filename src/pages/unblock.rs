//! `/u/unblock`: a blocked account is opened again, by the link in a message. It asks first: programs that look at
//! messages follow links, and must not help whoever guesses.

use http::StatusCode;
use maud::html;

use crate::engine::Engine;
use crate::engine::tickets::Errand;
use crate::pages::layout::{self, Frame};
use crate::pages::words::security;
use crate::pages::{visit, words};
use crate::protocol::oauth_error::OAuthError;
use crate::transport::exchange::Exchange;
use crate::transport::reply::Reply;

/// Asks, or unblocks.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Result<Reply, OAuthError> {
    let form = visit::parameters(exchange)?;
    let (tenant, words) = (exchange.tenant(), words::chosen(None, exchange.headers()));
    let own = security::of(words.language);
    let text = form.value("ticket").unwrap_or_default();
    let found = engine.ticket(tenant, Errand::Unblock, text).await?;
    let (ticket, user) = found.ok_or_else(visit::stale)?;
    let frame = Frame { tenant, words, title: own.unblock, targets: "" };
    if exchange.method() != http::Method::POST {
        let contents = layout::one_button("/u/unblock", (text, own.unblock_question), own.unblock);
        return Ok(layout::page(frame, StatusCode::OK, &contents));
    }
    if !engine.consume_ticket(tenant, &ticket).await? {
        return Err(visit::stale());
    }
    engine.unblock(tenant, &user.user_id).await?;
    Ok(layout::page(frame, StatusCode::OK, &html! { p role="status" { (own.unblocked) } }))
}
