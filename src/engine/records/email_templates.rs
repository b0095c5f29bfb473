//! Message templates: known by Auth0's names, read before they are saved.

use serde::Deserialize;

use crate::engine::records::clearable::Clearable;
use crate::engine::records::connections::check_message;
use crate::engine::records::flaws::Flaws;
use crate::engine::records::{Mode, Put, Refusal, Registrar, overlay, uris};
use crate::model::connection::Message;
use crate::model::email_template::{EmailTemplate, KEPT_NAMES, NAMES};
use crate::model::tenant::Tenant;

/// The longest life of a link, in seconds: thirty days.
const LIFETIME_MAX: u64 = 2_592_000;

/// A template to create or change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of model::email_template::EmailTemplate")]
pub struct EmailTemplateDraft {
    pub template: String,
    pub body: Option<String>,
    pub from: Option<String>,
    pub subject: Option<String>,
    pub syntax: Option<String>,
    #[serde(default, rename = "resultUrl")]
    pub result_url: Clearable<String>,
    #[serde(default, rename = "urlLifetimeInSeconds")]
    pub url_lifetime_in_seconds: Clearable<u64>,
    #[serde(rename = "includeEmailInRedirect")]
    pub include_email_in_redirect: Option<bool>,
    pub enabled: Option<bool>,
}

impl Registrar {
    /// Checks and saves a template; it is known by its name.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was saved.
    pub async fn put_email_template(
        &self,
        tenant: &Tenant,
        draft: EmailTemplateDraft,
        mode: Mode,
    ) -> Result<Put<EmailTemplate>, Refusal> {
        let before = self.standing::<EmailTemplate>(tenant, mode, Some(&draft.template), &[]).await?;
        let mut after = match &before {
            Some(before) => before.record.clone(),
            None => fresh(tenant, &draft.template),
        };
        overlay!(draft => after; body, from, subject, syntax, include_email_in_redirect, enabled);
        after.result_url = draft.result_url.over(after.result_url);
        after.url_lifetime_in_seconds = draft.url_lifetime_in_seconds.over(after.url_lifetime_in_seconds);
        check(&after)?;
        self.settle(before, after).await
    }
}

fn fresh(tenant: &Tenant, name: &str) -> EmailTemplate {
    EmailTemplate {
        tenant: tenant.id.clone(),
        template: name.to_owned(),
        body: String::new(),
        from: String::new(),
        subject: String::new(),
        syntax: "liquid".to_owned(),
        result_url: None,
        url_lifetime_in_seconds: None,
        include_email_in_redirect: false,
        enabled: false,
    }
}

fn check(template: &EmailTemplate) -> Result<(), Refusal> {
    let mut flaws = Flaws::default();
    let name = template.template.as_str();
    let known = NAMES.contains(&name) || KEPT_NAMES.contains(&name);
    flaws.require(known, "template", "expected the name of a message, such as verify_email");
    check_message("", &Message::from(template.clone()), &mut flaws);
    if let Some(url) = &template.result_url {
        flaws.require(uris::is_web_uri(url), "resultUrl", "expected an http(s) URI");
    }
    if let Some(secs) = template.url_lifetime_in_seconds {
        flaws.within("urlLifetimeInSeconds", secs, 60..=LIFETIME_MAX);
    }
    flaws.verdict()
}
