//! Messages to people: what is said on which occasion, in our words or in the tenant's, as text and as HTML.

use serde_json::json;

use crate::engine::Engine;
use crate::engine::mail::Outgoing;
use crate::model::connection::Message;
use crate::model::email_template::EmailTemplate;
use crate::model::user::User;
use crate::protocol::oauth_error::OAuthError;
use crate::tenancy::TenantView;

pub mod liquid;
mod texts;

use liquid::Form;

/// The language of whoever is asked by no browser.
pub const DEFAULT_LANGUAGE: &str = "en";

/// Why somebody is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// They, or somebody else, signed up with an address that has an account.
    AlreadyThere,
    /// Their account was blocked.
    Blocked,
    /// They asked for a code.
    Code,
    /// They asked for a link that logs in.
    LoginLink,
    /// They forgot their password.
    Reset,
    /// They signed up; the account is made when they answer.
    Signup,
    /// Their address is to be proved.
    Verify,
    /// Their address is proved. Sent only in the tenant's words.
    Welcome,
}

/// Our own words.
#[derive(Clone, Copy, Debug)]
pub struct Letter {
    /// The subject.
    pub subject: &'static str,
    /// What stands before the link or the code.
    pub before: &'static str,
    /// What stands after it.
    pub after: &'static str,
}

/// One message to one person.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'a> {
    /// Why.
    pub occasion: Occasion,
    /// To which address.
    pub to: &'a str,
    /// To whom, if they have an account.
    pub user: Option<&'a User>,
    /// In which language.
    pub language: &'a str,
    /// The link, or the code.
    pub what: &'a str,
}

impl Occasion {
    /// Auth0's name of the message, where there is one.
    const fn template(self) -> Option<&'static str> {
        match self {
            Self::AlreadyThere | Self::Code | Self::LoginLink => None,
            Self::Blocked => Some("blocked_account"),
            Self::Reset => Some("reset_email"),
            Self::Signup | Self::Verify => Some("verify_email"),
            Self::Welcome => Some("welcome_email"),
        }
    }
}

impl Engine {
    /// The tenant's own words for `occasion`, if it has some and uses them.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn own_words(
        &self,
        tenant: &TenantView,
        occasion: Occasion,
    ) -> Result<Option<EmailTemplate>, OAuthError> {
        let Some(name) = occasion.template() else { return Ok(None) };
        let found = self.cached().catalog().find::<EmailTemplate>(&tenant.tenant.id, name).await?;
        Ok(found.map(|found| found.record).filter(|template| template.enabled))
    }

    /// Puts a message on its way, in the words of `template` where there is one.
    pub fn write_to(&self, tenant: &TenantView, writing: Writing<'_>, template: Option<&Message>) {
        let letter = texts::of(writing.occasion, writing.language);
        let Writing { to, what, occasion, .. } = writing;
        if occasion == Occasion::Welcome && template.is_none() {
            return;
        }
        let mut outgoing = Outgoing {
            from: None,
            subject: letter.subject.to_owned(),
            text: format!("{}\r\n\r\n{what}\r\n\r\n{}\r\n", letter.before, letter.after),
            html: plain_html(&letter, writing),
        };
        if let Some(template) = template
            && let Err(error) = reword(&mut outgoing, template, &values(tenant, &writing))
        {
            // The person still gets our own words.
            tracing::warn!(error, tenant = %tenant.tenant.id, "a message template does not render");
        }
        self.mailer().post(to, outgoing);
    }
}

impl From<EmailTemplate> for Message {
    fn from(template: EmailTemplate) -> Self {
        let EmailTemplate { from, subject, body, syntax, .. } = template;
        Self { from, subject, body, syntax }
    }
}

fn reword(outgoing: &mut Outgoing, template: &Message, values: &serde_json::Value) -> Result<(), String> {
    let Message { from, subject, body, .. } = template;
    let line = |source: &str| liquid::render(source, Form::Line, values);
    let html = if body.is_empty() { None } else { Some(liquid::render(body, Form::Html, values)?) };
    if !subject.is_empty() {
        outgoing.subject = line(subject)?;
    }
    if !from.is_empty() {
        outgoing.from = Some(line(from)?);
    }
    outgoing.html = html.unwrap_or_else(|| std::mem::take(&mut outgoing.html));
    Ok(())
}

/// What a template may name; Auth0's names.
fn values(tenant: &TenantView, writing: &Writing<'_>) -> serde_json::Value {
    let Writing { user, to, language, what, occasion } = *writing;
    let profile = user.map(|user| &user.profile);
    let own = json!({
        "email": to,
        "email_verified": user.is_some_and(|user| user.email_verified),
        "user_id": user.map(|user| user.user_id.as_str()),
        "username": user.and_then(|user| user.username.as_deref()),
        "name": profile.and_then(|profile| profile.name.as_deref()),
        "given_name": profile.and_then(|profile| profile.given_name.as_deref()),
        "family_name": profile.and_then(|profile| profile.family_name.as_deref()),
        "nickname": profile.and_then(|profile| profile.nickname.as_deref()),
        "user_metadata": user.map(|user| &user.user_metadata),
        "app_metadata": user.map(|user| &user.app_metadata),
    });
    let friendly = &tenant.tenant.friendly_name;
    let name = if friendly.is_empty() { tenant.tenant.id.as_str() } else { friendly };
    let is_code = occasion == Occasion::Code;
    json!({
        "user": own,
        "email": to,
        "url": if is_code { None } else { Some(what) },
        "link": if is_code { None } else { Some(what) },
        "code": is_code.then_some(what),
        "send": if is_code { "code" } else { "link" },
        "tenant": tenant.tenant.id,
        "friendly_name": name,
        "application": { "name": name },
        "request_language": language,
    })
}

/// Our own words as a page.
fn plain_html(letter: &Letter, writing: Writing<'_>) -> String {
    let Writing { what, occasion, language, .. } = writing;
    let page = maud::html! {
        (maud::DOCTYPE)
        html lang=(language) {
            head { meta charset="utf-8"; title { (letter.subject) } }
            body {
                p { (letter.before) }
                @if occasion == Occasion::Code { p { strong { (what) } } } @else { p { a href=(what) { (what) } } }
                p { (letter.after) }
            }
        }
    };
    page.into_string()
}
