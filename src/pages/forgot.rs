//! `/u/forgot`: a link to choose a new password; the same answer whether there is an account or not.

use http::StatusCode;
use maud::html;

use crate::engine::tickets::Errand;
use crate::pages::layout::{self, Field};
use crate::pages::visit::Visit;
use crate::protocol::oauth_error::OAuthError;
use crate::transport::reply::Reply;

/// Shows the form, or sends the link.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(visit: Visit<'_>) -> Result<Reply, OAuthError> {
    let words = visit.words;
    let email = visit.field("email").trim();
    if visit.is_posted() && !email.is_empty() {
        let (engine, tenant) = (visit.engine, visit.tenant());
        if let Err(denied) = engine.charge_message(tenant, email, visit.exchange.peer().address).await {
            if let Some(event) = denied.event {
                visit.log(event, None, &denied.error.description);
            }
            return Err(denied.error);
        }
        let directory = &tenant.tenant.settings.default_directory;
        engine.send_link_later(tenant, Errand::Reset, (directory, email), words.language);
        let contents = html! {
            p role="status" { (words.check_mail_long) }
            p.foot { a href={ "/u/login?state=" (visit.state) } { (words.log_in) } }
        };
        return Ok(visit.page(words.check_mail, StatusCode::OK, &contents));
    }
    let hint = visit.asked.login_hint.as_deref().unwrap_or_default();
    let address = Field {
        name: "email",
        label: words.email,
        kind: "email",
        autocomplete: "email",
        value: hint,
        focus: true,
    };
    let contents = html! {
        form method="post" action="/u/forgot" {
            input type="hidden" name="state" value=(visit.state);
            (layout::field(&address, false))
            button type="submit" { (words.send_link) }
        }
        p.foot { a href={ "/u/login?state=" (visit.state) } { (words.log_in) } }
    };
    Ok(visit.page(words.forgot_password, StatusCode::OK, &contents))
}
