//! `/passwordless/verify_redirect`: a login by the link in a message. It asks first: programs that look at messages
//! follow links, and a code is good once.

use std::sync::Arc;

use http::{Method, StatusCode};
use maud::html;

use crate::engine::Engine;
use crate::engine::attempts::Guess;
use crate::engine::authorization::{BrowserMark, Refused};
use crate::engine::presence::Login;
use crate::grants::front_channel;
use crate::model::session::Amr;
use crate::pages::layout::{self, Frame};
use crate::pages::visit::{self, Visit};
use crate::pages::words::{self, security};
use crate::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::transport::exchange::Exchange;
use crate::transport::html as response;
use crate::transport::reply::Reply;

/// Where it is.
pub const PATH: &str = "/passwordless/verify_redirect";

/// The parameters of the link that the form takes along; the request itself goes sealed, as in every form of ours.
const TAKEN_ALONG: [&str; 3] = ["connection", "email", "verification_code"];

/// Asks, or logs in and goes on to the application.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(engine: &Arc<Engine>, exchange: &Exchange) -> Result<Reply, OAuthError> {
    if exchange.method() == Method::POST {
        // The whole request is looked at before the code is spent.
        return log_in(Visit::of(engine, exchange).await?).await;
    }
    let (browser, is_new) = front_channel::browser(engine, exchange)?;
    let mut reply = ask(engine, exchange, &browser).await?;
    if is_new {
        front_channel::remember(&mut reply, exchange, &browser);
    }
    Ok(reply)
}

/// The link's parameters alone log nobody in: whoever asked for a link to their own address could have other people's
/// browsers post them, and log those in to the wrong account. The form works only where it was shown.
async fn ask(engine: &Engine, exchange: &Exchange, browser: &str) -> Result<Reply, OAuthError> {
    let form = visit::parameters(exchange)?;
    let (tenant, words) = (exchange.tenant(), words::chosen(None, exchange.headers()));
    let asked = match engine.authorization(tenant, &form, BrowserMark::of(browser)).await {
        Ok((_, asked)) => asked,
        Err(Refused::Back(back)) => return Ok(response::respond(&back)),
        Err(Refused::Here(error)) => return Err(error),
    };
    let state = engine.seal_authorization(&tenant.tenant.id, &asked)?;
    let contents = html! {
        form method="post" action=(PATH) {
            input type="hidden" name="state" value=(state);
            @for name in TAKEN_ALONG {
                input type="hidden" name=(name) value=(form.value(name).unwrap_or_default());
            }
            button type="submit" { (security::of(words.language).go_on) }
        }
    };
    let targets = response::form_targets(&asked.redirect_uri);
    let frame = Frame { tenant, words, title: words.log_in, targets: &targets };
    Ok(layout::page(frame, StatusCode::OK, &contents))
}

async fn log_in(visit: Visit<'_>) -> Result<Reply, OAuthError> {
    let (engine, tenant, form) = (visit.engine, visit.tenant(), &visit.form);
    let connection = engine.mail_connection(tenant, form.required("connection")?).await?;
    let guess = Guess {
        tenant,
        connection: &connection.name,
        login: form.required("email")?,
        address: visit.exchange.peer().address,
        language: visit.words.language,
    };
    let user = match engine.redeem_code(guess, &connection, form.required("verification_code")?).await {
        Ok(user) => user,
        Err(denied) if denied.error.code == ErrorCode::InvalidGrant => {
            return Err(OAuthError::invalid_request(security::of(visit.words.language).code_wrong));
        }
        Err(denied) => return Err(denied.error),
    };
    let before = visit.presence().await?;
    let login = Login { amr: Amr::OTP, ..visit.login(user) };
    let presence = engine.log_in(tenant, login, before).await?;
    visit.go_on(Some(&presence)).await
}
