//! `/u/logout`: do you want to log out? And `/u/logged-out`: you are.

use http::StatusCode;
use maud::{Markup, html};

use crate::engine::Engine;
use crate::pages::account;
use crate::pages::layout::{self, Frame};
use crate::pages::visit;
use crate::pages::words::{self, Words};
use crate::protocol::form::Form;
use crate::protocol::oauth_error::OAuthError;
use crate::transport::cookies::Cookie;
use crate::transport::exchange::Exchange;
use crate::transport::html as replies;
use crate::transport::reply::Reply;

/// How long the pages of applications have to load before the browser goes on, in seconds.
const FAREWELL_SECS: u64 = 3;

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
        let session = cookie.and_then(|cookie| engine.named_session(tenant, cookie));
        let address = exchange.peer().address.to_string();
        let mut reply = replies::see_other(&engine.log_out(tenant, session, &logout, address).await?);
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

/// Says so; before that, has the browser load the pages of the applications that want to hear of it so, and goes on
/// by itself to where the person was to go. No script takes part in it.
///
/// # Errors
/// What only the person may be told.
pub async fn done(engine: &Engine, exchange: &Exchange) -> Result<Reply, OAuthError> {
    let form = Form::urlencoded(exchange.query().as_bytes())?;
    let tenant = exchange.tenant();
    let browser = Cookie::Browser.read(exchange.headers(), tenant);
    let state = form.value("state").unwrap_or_default();
    let Some(farewell) = engine.open_farewell(tenant, state, browser) else {
        let words = words::chosen(form.value("ui_locales"), exchange.headers());
        return Ok(show(exchange, words, &html! {}));
    };
    let pages = engine.farewell_pages(tenant, &farewell).await?;
    let words = words::chosen(farewell.logout.ui_locales.as_deref(), exchange.headers());
    let place = farewell.logout.redirect_uri.as_deref();
    let more = html! {
        @if let Some(place) = place { p { a href=(place) { (account::words(words).go_on) } } }
        @for page in &pages { iframe src=(page) title="" hidden tabindex="-1" {} }
    };
    let mut reply = show(exchange, words, &more);
    replies::allow_frames(&mut reply, &pages);
    if let Some(place) = place {
        replies::go_on_by_itself(&mut reply, FAREWELL_SECS, place);
    }
    Ok(reply)
}

fn show(exchange: &Exchange, words: &'static Words, more: &Markup) -> Reply {
    let frame = Frame { tenant: exchange.tenant(), words, title: words.log_out, targets: "" };
    layout::page(frame, StatusCode::OK, &html! { p role="status" { (words.logged_out) } (more) })
}
