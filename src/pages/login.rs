//! `/u/login`: who are you?

use http::StatusCode;
use maud::html;
use zeroize::Zeroizing;

use crate::engine::attempts::{Denied, Guess};
use crate::engine::authorization::Page;
use crate::model::log_event::EventType;
use crate::pages::layout::{self, Field, Password};
use crate::pages::visit::Visit;
use crate::pages::words::security;
use crate::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::transport::reply::Reply;

/// The longest password that is looked at, in bytes.
const PASSWORD_BYTES_MAX: usize = 1024;

/// Shows the form, or looks at what was typed into it.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(visit: Visit<'_>) -> Result<Reply, OAuthError> {
    let tenant = visit.tenant();
    let directory = &tenant.tenant.settings.default_directory;
    let signup = visit.engine.offers_signup(tenant, directory, Some(&visit.asked)).await?;
    let show = |status, name: &str, alert| show((&visit, signup), status, name, alert);
    let wrong = |name| show(StatusCode::BAD_REQUEST, name, Some(visit.words.wrong_password));
    if !visit.is_posted() {
        return Ok(show(StatusCode::OK, visit.asked.login_hint.as_deref().unwrap_or_default(), None));
    }
    let (name, password) = (visit.field("username").trim(), visit.field("password"));
    if name.is_empty() || password.is_empty() || name.len() > 254 || password.len() > PASSWORD_BYTES_MAX {
        return Ok(wrong(name));
    }
    let guess = Guess {
        tenant,
        connection: directory,
        login: name,
        address: visit.exchange.peer().address,
        language: visit.words.language,
    };
    let user = match visit.engine.check_password(guess, Zeroizing::new(password.to_owned())).await {
        Ok(user) => user,
        Err(denied) => return refused((&visit, signup), name, denied),
    };
    let before = visit.presence().await?;
    let presence = visit.engine.log_in(tenant, visit.login(user), before).await?;
    visit.log(EventType::S, Some(&presence), "");
    visit.go_on(Some(&presence)).await
}

fn refused((visit, signup): (&Visit<'_>, bool), name: &str, denied: Denied) -> Result<Reply, OAuthError> {
    let Denied { error, event } = denied;
    if let Some(event) = event {
        visit.log(event, None, &error.description);
    }
    let own = security::of(visit.words.language);
    let show = |status, alert| show((visit, signup), status, name, Some(alert));
    match (error.code, event) {
        (ErrorCode::InvalidGrant, _) => Ok(show(StatusCode::BAD_REQUEST, visit.words.wrong_password)),
        (ErrorCode::AccessDenied, Some(EventType::PwdLeak)) => {
            Ok(show(StatusCode::FORBIDDEN, own.leaked_login))
        }
        (ErrorCode::AccessDenied, _) => Ok(show(StatusCode::FORBIDDEN, visit.words.blocked)),
        (ErrorCode::TooManyAttempts | ErrorCode::TooManyRequests, _) => {
            Ok(show(StatusCode::TOO_MANY_REQUESTS, visit.words.too_many))
        }
        _ => Err(error),
    }
}

/// The form, with a way to sign up where that is offered.
fn show((visit, signup): (&Visit<'_>, bool), status: StatusCode, name: &str, alert: Option<&str>) -> Reply {
    let words = visit.words;
    let username = Field {
        name: "username",
        label: words.email_or_username,
        kind: "text",
        autocomplete: "username",
        value: name,
        focus: name.is_empty(),
    };
    let contents = html! {
        p.note.lead { (words.to_continue_to(&visit.client.name)) }
        (layout::alert(alert))
        form method="post" action=(Page::Login.path()) {
            input type="hidden" name="state" value=(visit.state);
            (layout::field(&username, alert.is_some()))
            (layout::password_field(words.password, Password::Current, !name.is_empty(), alert.is_some()))
            p.aside { a href={ "/u/forgot?state=" (visit.state) } { (words.forgot_password) } }
            button type="submit" { (words.log_in) }
        }
        @if signup {
            p.note.foot { (words.no_account) " " a href={ "/u/signup?state=" (visit.state) } { (words.sign_up) } }
        }
    };
    visit.page(words.log_in, status, &contents)
}
