//! `GET|POST /authorize` (RFC 6749 §3.1, OpenID Connect Core §3.1.2): validated, sealed, and on to whatever is next.

use crate::endpoints::cross_origin;
use crate::engine::Engine;
use crate::engine::authorization::{BrowserMark, Refused};
use crate::engine::presence::Presence;
use crate::grants::front_channel::{self, Step};
use crate::protocol::form::Form;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::transport::cookies::Cookie;
use crate::transport::exchange::Exchange;
use crate::transport::html;
use crate::transport::reply::Reply;

/// Answers with a redirect: to a page of ours, or back to the application.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Result<Reply, OAuthError> {
    if exchange.method() == http::Method::POST {
        // A form posted from another site brings no `SameSite=Lax` cookie; the GET that follows does.
        return Ok(html::see_other(&format!("/authorize?{}", encoded(&exchange.form()?))));
    }
    let form = Form::urlencoded(exchange.query().as_bytes())?;
    let (browser, is_new) = front_channel::browser(engine, exchange)?;
    let mut reply = begin(engine, exchange, &form, &browser).await?;
    if is_new {
        front_channel::remember(&mut reply, exchange, &browser);
    }
    Ok(reply)
}

async fn begin(
    engine: &Engine,
    exchange: &Exchange,
    form: &Form<'_>,
    browser: &str,
) -> Result<Reply, OAuthError> {
    let tenant = exchange.tenant();
    let (client, asked) = match engine.authorization(tenant, form, BrowserMark::of(browser)).await {
        Ok(accepted) => accepted,
        Err(Refused::Back(response)) => return Ok(html::respond(&response)),
        Err(Refused::Here(error)) => return Err(error),
    };
    let cookie = Cookie::Session.read(exchange.headers(), tenant);
    let mut presence = engine.presence(tenant, cookie).await?;
    if let Some(ticket) = form.value("login_ticket") {
        presence = cross_origin::redeem(engine, exchange, (&client, &asked), (ticket, presence)).await?;
        if presence.is_none() {
            let description = "The login_ticket is not good, or no more";
            let error = OAuthError::new(ErrorCode::LoginRequired, Fault::User, description);
            return Ok(html::respond(&asked.refusal(tenant, &error)));
        }
    }
    if let Some(presence) = &mut presence {
        engine.note_use(presence, exchange.device()).await;
    }
    let mut reply = match front_channel::go_on(engine, tenant, &client, &asked, presence.as_ref()).await? {
        Step::Answer(response) => html::respond(&response),
        Step::Ask(address) => html::see_other(&address),
    };
    if let Some(Presence { session, .. }) = &presence {
        let cookie = engine.session_cookie(tenant, session)?;
        Cookie::Session.set(&mut reply, tenant, &cookie.value, cookie.max_age_secs);
    }
    Ok(reply)
}

pub(crate) fn encoded(form: &Form<'_>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form.iter()).finish()
}
