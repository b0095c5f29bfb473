//! `/u/signup`: somebody new, who is then logged in.

use std::sync::Arc;

use http::StatusCode;
use maud::html;

use crate::engine::accounts::{Declined, Newcomer};
use crate::engine::authorization::Page;
use crate::engine::tickets::Errand;
use crate::model::log_event::EventType;
use crate::pages::layout::{self, Field};
use crate::pages::visit::Visit;
use crate::protocol::oauth_error::OAuthError;
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
    let asked = Some(&visit.asked);
    let newcomer = Newcomer { connection, email, password, username: None, name: None, asked };
    let hint = visit.asked.login_hint.as_deref().unwrap_or_default();
    if visit.asked.invitation.is_some() && email.to_lowercase() != hint {
        // The invitation is for one address, and nobody else's account is made on its way.
        return Ok(show(&visit, StatusCode::BAD_REQUEST, hint, Some(visit.words.not_signed_up)));
    }
    let user = match visit.engine.sign_up(tenant, newcomer).await {
        Ok(user) => user,
        Err(Declined::Error(error)) => return Err(error),
        Err(Declined::Password) => {
            return Ok(show(&visit, StatusCode::BAD_REQUEST, email, Some(visit.words.password_weak)));
        }
        Err(Declined::Account) => {
            visit.log(EventType::Fs, None, "Invalid sign up");
            return Ok(show(&visit, StatusCode::BAD_REQUEST, email, Some(visit.words.not_signed_up)));
        }
    };
    visit.engine.send_link(tenant, Errand::Verify, email, visit.words.letter(Errand::Verify)).await?;
    let before = visit.presence().await?;
    let presence = visit.engine.log_in(tenant, Arc::new(user), before, visit.device()).await?;
    visit.log(EventType::Ss, Some(&presence), "");
    visit.go_on(Some(&presence)).await
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
    let password = Field {
        name: "password",
        label: words.password,
        kind: "password",
        autocomplete: "new-password",
        value: "",
        focus: !email.is_empty(),
    };
    let contents = html! {
        p.note.lead { (words.to_continue_to(&visit.client.name)) }
        (layout::alert(alert))
        form method="post" action=(Page::Signup.path()) {
            input type="hidden" name="state" value=(visit.state);
            (layout::field(&address, alert.is_some()))
            (layout::field(&password, alert.is_some()))
            button type="submit" { (words.sign_up) }
        }
        p.note.foot { (words.have_account) " " a href={ "/u/login?state=" (visit.state) } { (words.log_in) } }
    };
    visit.page(words.sign_up, status, &contents)
}
