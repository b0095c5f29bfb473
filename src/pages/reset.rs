//! `/u/reset`: a new password, by the link in a message. The link itself is the proof, and is good once.

use http::StatusCode;
use maud::html;

use crate::engine::Engine;
use crate::engine::accounts::Declined;
use crate::engine::tickets::Errand;
use crate::pages::layout::{self, Field, Frame};
use crate::pages::visit;
use crate::pages::words::{self, Words};
use crate::protocol::oauth_error::OAuthError;
use crate::transport::exchange::Exchange;
use crate::transport::reply::Reply;

/// Shows the form, or sets the password.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Result<Reply, OAuthError> {
    let form = visit::parameters(exchange)?;
    let (tenant, words) = (exchange.tenant(), words::chosen(None, exchange.headers()));
    let text = form.value("ticket").unwrap_or_default();
    let found = engine.ticket(tenant, Errand::Reset, text).await?;
    let (ticket, user) = found.ok_or_else(visit::stale)?;
    if exchange.method() != http::Method::POST {
        return Ok(show(exchange, words, text, None));
    }
    let password = form.value("password").unwrap_or_default();
    match engine.choose_password(tenant, (&ticket, &user), password).await {
        Ok(()) => {
            let contents = html! { p role="status" { (words.password_changed) } };
            let frame = Frame { tenant, words, title: words.change_password, targets: "" };
            Ok(layout::page(frame, StatusCode::OK, &contents))
        }
        Err(Declined::Password) => Ok(show(exchange, words, text, Some(words.password_weak))),
        Err(Declined::Account) => Err(visit::stale()),
        Err(Declined::Error(error)) => Err(error),
    }
}

fn show(exchange: &Exchange, words: &'static Words, ticket: &str, alert: Option<&str>) -> Reply {
    let password = Field {
        name: "password",
        label: words.new_password,
        kind: "password",
        autocomplete: "new-password",
        value: "",
        focus: true,
    };
    let contents = html! {
        (layout::alert(alert))
        form method="post" action="/u/reset" {
            input type="hidden" name="ticket" value=(ticket);
            (layout::field(&password, alert.is_some()))
            button type="submit" { (words.change_password) }
        }
    };
    let status = if alert.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let frame = Frame { tenant: exchange.tenant(), words, title: words.change_password, targets: "" };
    layout::page(frame, status, &contents)
}
