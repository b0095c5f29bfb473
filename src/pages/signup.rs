//! `/u/signup`: somebody new, who is then logged in.

use std::sync::Arc;

use http::StatusCode;
use maud::html;

use crate::engine::accounts::{Declined, Newcomer, SignedUp};
use crate::engine::authorization::Page;
use crate::engine::particulars::Particulars;
use crate::model::log_event::EventType;
use crate::pages::layout::{self, Field, Password};
use crate::pages::visit::Visit;
use crate::pages::words::security;
use crate::protocol::oauth_error::{ErrorCode, OAuthError};
use crate::transport::reply::Reply;

/// Shows the form, or makes the account.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(visit: Visit<'_>) -> Result<Reply, OAuthError> {
    if !visit.is_posted() {
        let hint = visit.asked.login_hint.clone().unwrap_or_default();
        return Ok(show(&visit, StatusCode::OK, &hint, None));
    }
    let tenant = visit.tenant();
    let (email, password) = (visit.field("email").trim(), visit.field("password"));
    let connection = &tenant.tenant.settings.default_directory;
    let hint = visit.asked.login_hint.as_deref().unwrap_or_default();
    if visit.asked.invitation.is_some() && email.to_lowercase() != hint {
        // The invitation is for one address, and nobody else's account is made on its way.
        return Ok(show(&visit, StatusCode::BAD_REQUEST, hint, Some(visit.words.not_signed_up)));
    }
    let nothing_more = Particulars::default();
    let newcomer = Newcomer {
        connection,
        email,
        password,
        username: None,
        particulars: &nothing_more,
        asked: Some(&visit.asked),
        address: visit.exchange.peer().address,
        language: visit.words.language,
    };
    let user = match visit.engine.sign_up(tenant, newcomer).await {
        Ok(SignedUp::Made(user)) => user,
        Ok(SignedUp::Pending(_)) => return Ok(pending(&visit)),
        Err(declined) => return refused(&visit, email, declined),
    };
    let before = visit.presence().await?;
    let presence = visit.engine.log_in(tenant, visit.login(Arc::from(user)), before).await?;
    visit.log(EventType::Ss, Some(&presence), "");
    visit.go_on(Some(&presence)).await
}

fn refused(visit: &Visit<'_>, email: &str, declined: Declined) -> Result<Reply, OAuthError> {
    let event = declined.event();
    let log = |description: &str| visit.log(event, None, description);
    match declined {
        Declined::Account => {
            log("Invalid sign up");
            Ok(show(visit, StatusCode::BAD_REQUEST, email, Some(visit.words.not_signed_up)))
        }
        Declined::Error(error) => Err(error),
        Declined::Password(weakness) => {
            if event == EventType::SignupPwdLeak {
                log(weakness.message());
            }
            let alert = security::of(visit.words.language).weakness(&weakness);
            Ok(show(visit, StatusCode::BAD_REQUEST, email, Some(&alert)))
        }
        Declined::TooMany(denied) if denied.error.code == ErrorCode::TooManyRequests => {
            if denied.event.is_some() {
                log(&denied.error.description);
            }
            Ok(show(visit, StatusCode::TOO_MANY_REQUESTS, email, Some(visit.words.too_many)))
        }
        Declined::TooMany(denied) => Err(denied.error),
    }
}

/// The same page whether there will be an account, or was one before.
fn pending(visit: &Visit<'_>) -> Reply {
    let words = visit.words;
    let contents = html! {
        p role="status" { (security::of(words.language).signup_mail) }
        p { a href={ "/u/login?state=" (visit.state) } { (words.log_in) } }
    };
    visit.page(words.check_mail, StatusCode::OK, &contents)
}

fn show(visit: &Visit<'_>, status: StatusCode, email: &str, alert: Option<&str>) -> Reply {
    let words = visit.words;
    let address = Field {
        name: "email",
        label: words.email,
        kind: "email",
        autocomplete: "email",
        value: email,
        focus: email.is_empty(),
    };
    let contents = html! {
        p.note.lead { (words.to_continue_to(&visit.client.name)) }
        (layout::alert(alert))
        form method="post" action=(Page::Signup.path()) {
            input type="hidden" name="state" value=(visit.state);
            (layout::field(&address, alert.is_some()))
            (layout::password_field(words.password, Password::New, !email.is_empty(), alert.is_some()))
            button type="submit" { (words.sign_up) }
        }
        p.note.foot { (words.have_account) " " a href={ "/u/login?state=" (visit.state) } { (words.log_in) } }
    };
    visit.page(words.sign_up, status, &contents)
}
