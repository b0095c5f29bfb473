//! `/u/reset`: a new password, by the link in a message. The link itself is the proof, and is good once.

use http::StatusCode;
use maud::html;

use crate::engine::Engine;
use crate::engine::accounts::Declined;
use crate::engine::tickets::Errand;
use crate::model::log_event::{EventType, LogEvent};
use crate::model::password_policy::Weakness;
use crate::model::user::User;
use crate::pages::layout::{self, Frame, Password};
use crate::pages::visit;
use crate::pages::words::{self, Words, security};
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
        Err(Declined::Password(weakness)) => {
            if weakness == Weakness::Breached {
                log_leaked(engine, exchange, &user);
            }
            let alert = security::of(words.language).weakness(&weakness);
            Ok(show(exchange, words, text, Some(&alert)))
        }
        Err(Declined::Account) => Err(visit::stale()),
        Err(Declined::Error(error)) => Err(error),
        Err(Declined::TooMany(denied)) => Err(denied.error),
    }
}

fn log_leaked(engine: &Engine, exchange: &Exchange, user: &User) {
    engine.log(LogEvent {
        tenant: exchange.tenant().tenant.id.clone(),
        event: EventType::ResetPwdLeak,
        at: engine.now(),
        client: None,
        user: Some(user.user_id.clone()),
        organization: None,
        session: None,
        address: Some(exchange.peer().address.to_string()),
        description: Weakness::Breached.message().to_owned(),
    });
}

fn show(exchange: &Exchange, words: &'static Words, ticket: &str, alert: Option<&str>) -> Reply {
    let contents = html! {
        (layout::alert(alert))
        form method="post" action="/u/reset" {
            input type="hidden" name="ticket" value=(ticket);
            (layout::password_field(words.new_password, Password::New, true, alert.is_some()))
            button type="submit" { (words.change_password) }
        }
    };
    let status = if alert.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let frame = Frame { tenant: exchange.tenant(), words, title: words.change_password, targets: "" };
    layout::page(frame, status, &contents)
}
