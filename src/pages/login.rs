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
    if !visit.is_posted() {
        let hint = visit.asked.login_hint.clone().unwrap_or_default();
        return Ok(show(&visit, StatusCode::OK, &hint, None));
    }
    let (name, password) = (visit.field("username").trim(), visit.field("password"));
    if name.is_empty() || password.is_empty() || name.len() > 254 || password.len() > PASSWORD_BYTES_MAX {
        return Ok(wrong(&visit, name));
    }
    let tenant = visit.tenant();
    let (id, connection) = (&tenant.tenant.id, &tenant.tenant.settings.default_directory);
    let password = Zeroizing::new(password.to_owned());
    let user = match visit
        .engine
        .check_password_from(visit.exchange.peer().address, (id, connection), name, password)
        .await
    {
        Ok(user) => user,
        Err(error) if error.code == ErrorCode::InvalidGrant => {
            visit.log(EventType::Fp, None, "Wrong email or password.");
            return Ok(wrong(&visit, name));
        }
        Err(error) if error.code == ErrorCode::AccessDenied => {
            visit.log(EventType::F, None, &error.description);
            return Ok(show(&visit, StatusCode::FORBIDDEN, name, Some(visit.words.blocked)));
        }
        Err(error) if error.code == ErrorCode::TooManyRequests => {
            visit.log(EventType::LimitWc, None, &error.description);
            return Ok(show(&visit, StatusCode::TOO_MANY_REQUESTS, name, Some(visit.words.too_many)));
        }
        Err(error) => return Err(error),
    };
    let before = visit.presence().await?;
    let presence = visit.engine.log_in(tenant, user, before, visit.device()).await?;
    visit.log(EventType::S, Some(&presence), "");
    visit.go_on(Some(&presence)).await
}

fn wrong(visit: &Visit<'_>, name: &str) -> Reply {
    show(visit, StatusCode::BAD_REQUEST, name, Some(visit.words.wrong_password))
}

fn show(visit: &Visit<'_>, status: StatusCode, name: &str, alert: Option<&str>) -> Reply {
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
        @if !visit.tenant().tenant.settings.disable_signup {
            p.note.foot { (words.no_account) " " a href={ "/u/signup?state=" (visit.state) } { (words.sign_up) } }
        }
    };
    visit.page(words.log_in, status, &contents)
}
