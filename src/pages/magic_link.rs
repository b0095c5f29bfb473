//! `/passwordless/verify_redirect`: a login by the link in a message. It asks first: programs that look at messages
//! follow links, and a code is good once.

use http::{Method, StatusCode};
use maud::html;

use crate::engine::Engine;
use crate::engine::attempts::Guess;
use crate::engine::authorization::{BrowserMark, Refused};
use crate::engine::presence::Login;
use crate::grants::front_channel::{self, Step};
use crate::model::session::Amr;
use crate::pages::layout::{self, Frame};
use crate::pages::words::security;
use crate::pages::{visit, words};
use crate::protocol::form::Form;
use crate::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::transport::cookies::Cookie;
use crate::transport::exchange::Exchange;
use crate::transport::html as response;
use crate::transport::reply::Reply;

/// Where it is.
pub const PATH: &str = "/passwordless/verify_redirect";

/// Asks, or logs in and goes on to the application.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Result<Reply, OAuthError> {
    let form = visit::parameters(exchange)?;
    let tenant = exchange.tenant();
    // The whole request is looked at before the code is spent.
    let browser = BrowserMark::of(Cookie::Browser.read(exchange.headers(), tenant).unwrap_or_default());
    let (client, asked) = match engine.authorization(tenant, &form, browser).await {
        Ok(accepted) => accepted,
        Err(Refused::Back(back)) => return Ok(response::respond(&back)),
        Err(Refused::Here(error)) => return Err(error),
    };
    if exchange.method() != Method::POST {
        return Ok(ask(exchange, &form, &asked.redirect_uri));
    }
    let connection = engine.mail_connection(tenant, form.required("connection")?).await?;
    let words = words::chosen(asked.ui_locales.as_deref(), exchange.headers());
    let guess = Guess {
        tenant,
        connection: &connection.name,
        login: form.required("email")?,
        address: exchange.peer().address,
        language: words.language,
    };
    let user = match engine.redeem_code(guess, &connection, form.required("verification_code")?).await {
        Ok(user) => user,
        Err(denied) if denied.error.code == ErrorCode::InvalidGrant => {
            return Err(OAuthError::invalid_request(security::of(words.language).code_wrong));
        }
        Err(denied) => return Err(denied.error),
    };
    let cookie = Cookie::Session.read(exchange.headers(), tenant);
    let before = engine.presence(tenant, cookie).await?;
    let login = Login { user, amr: Amr::OTP, device: exchange.device(), asked: Some((&client, &asked)) };
    let presence = engine.log_in(tenant, login, before).await?;
    let mut reply = match front_channel::go_on(engine, tenant, &client, &asked, Some(&presence)).await? {
        Step::Answer(back) => response::respond(&back),
        Step::Ask(address) => response::see_other(&address),
    };
    let cookie = engine.session_cookie(tenant, &presence.session)?;
    Cookie::Session.set(&mut reply, tenant, &cookie.value, cookie.max_age_secs);
    Ok(reply)
}

fn ask(exchange: &Exchange, form: &Form<'_>, redirect_uri: &str) -> Reply {
    let (tenant, words) = (exchange.tenant(), words::chosen(None, exchange.headers()));
    let contents = html! {
        form method="post" action=(PATH) {
            @for (name, value) in form.iter() {
                input type="hidden" name=(name) value=(value);
            }
            button type="submit" { (security::of(words.language).go_on) }
        }
    };
    let frame = Frame { tenant, words, title: words.log_in, targets: &response::form_targets(redirect_uri) };
    layout::page(frame, StatusCode::OK, &contents)
}
