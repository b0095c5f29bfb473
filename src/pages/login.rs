//! `/u/login`: who are you?

use http::StatusCode;
use maud::html;
use zeroize::Zeroizing;

use crate::engine::authorization::Page;
use crate::model::log_event::EventType;
use crate::pages::layout::{self, Field};
use crate::pages::visit::Visit;
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
    let (id, connection) = (&tenant.tenant.id, directory);
    let password = Zeroizing::new(password.to_owned());
    let user = match visit
        .engine
        .check_password_from(visit.exchange.peer().address, (id, connection), name, password)
        .await
    {
        Ok(user) => user,
        Err(error) if error.code == ErrorCode::InvalidGrant => {
            visit.log(EventType::Fp, None, "Wrong email or password.");
            return Ok(wrong(name));
        }
        Err(error) if error.code == ErrorCode::AccessDenied => {
            visit.log(EventType::F, None, &error.description);
            return Ok(show(StatusCode::FORBIDDEN, name, Some(visit.words.blocked)));
        }
        Err(error) if error.code == ErrorCode::TooManyRequests => {
            visit.log(EventType::LimitWc, None, &error.description);
            return Ok(show(StatusCode::TOO_MANY_REQUESTS, name, Some(visit.words.too_many)));
        }
        Err(error) => return Err(error),
    };
    let before = visit.presence().await?;
    let presence = visit.engine.log_in(tenant, user, before, visit.device()).await?;
    visit.log(EventType::S, Some(&presence), "");
    visit.go_on(Some(&presence)).await
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
    let password = Field {
        name: "password",
        label: words.password,
        kind: "password",
        autocomplete: "current-password",
        value: "",
        focus: !name.is_empty(),
    };
    let contents = html! {
        p.note.lead { (words.to_continue_to(&visit.client.name)) }
        (layout::alert(alert))
        form method="post" action=(Page::Login.path()) {
            input type="hidden" name="state" value=(visit.state);
            (layout::field(&username, alert.is_some()))
            (layout::field(&password, alert.is_some()))
            p.aside { a href={ "/u/forgot?state=" (visit.state) } { (words.forgot_password) } }
            button type="submit" { (words.log_in) }
        }
        @if signup {
            p.note.foot { (words.no_account) " " a href={ "/u/signup?state=" (visit.state) } { (words.sign_up) } }
        }
    };
    visit.page(words.log_in, status, &contents)
}
