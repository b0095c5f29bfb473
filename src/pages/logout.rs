//! `/u/logout`: do you want to log out? And `/u/logged-out`: you are.

use http::StatusCode;
use maud::html;

use crate::engine::Engine;
use crate::pages::layout::{self, Frame};
use crate::pages::visit;
use crate::pages::words;
use crate::protocol::oauth_error::OAuthError;
use crate::transport::cookies::Cookie;
use crate::transport::exchange::Exchange;
use crate::transport::html as replies;
use crate::transport::reply::Reply;

/// Asks, or logs out.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Result<Reply, OAuthError> {
    let form = visit::parameters(exchange)?;
    let tenant = exchange.tenant();
    let state = form.value("state").unwrap_or_default();
    let browser = Cookie::Browser.read(exchange.headers(), tenant);
    let logout = engine.open_logout(tenant, state, browser).ok_or_else(visit::stale)?;
    if exchange.method() == http::Method::POST {
        let cookie = Cookie::Session.read(exchange.headers(), tenant);
        if let Some(session) = cookie.and_then(|cookie| engine.named_session(tenant, cookie)) {
            engine.log_out(tenant, session, exchange.peer().address.to_string()).await?;
        }
        let mut reply = replies::see_other(logout.redirect_uri.as_deref().unwrap_or("/u/logged-out"));
        Cookie::Session.set(&mut reply, tenant, "", 0);
        return Ok(reply);
    }
    let words = words::chosen(logout.ui_locales.as_deref(), exchange.headers());
    let contents = html! {
        p { (words.log_out_question) }
        form method="post" action="/u/logout" {
            input type="hidden" name="state" value=(state);
            button type="submit" { (words.log_out) }
        }
    };
    let targets = logout.redirect_uri.as_deref().map(replies::form_targets).unwrap_or_default();
    let frame = Frame { tenant, words, title: words.log_out, targets: &targets };
    Ok(layout::page(frame, StatusCode::OK, &contents))
}

/// Says so.
pub fn done(exchange: &Exchange) -> Reply {
    let words = words::chosen(None, exchange.headers());
    let frame = Frame { tenant: exchange.tenant(), words, title: words.log_out, targets: "" };
    layout::page(frame, StatusCode::OK, &html! { p role="status" { (words.logged_out) } })
}
