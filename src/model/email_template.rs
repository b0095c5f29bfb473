//! A message as a tenant words it; field names are Auth0's.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::change::Change;
use crate::model::record::{Kind, Record};
use crate::protocol::ids::TenantId;

/// Auth0's names of the messages that are sent here.
pub const NAMES: [&str; 4] = ["blocked_account", "reset_email", "verify_email", "welcome_email"];

/// The names of messages that Auth0 sends and this server has no occasion for; kept for whoever moves here.
pub const KEPT_NAMES: [&str; 8] = [
    "change_password",
    "enrollment_email",
    "mfa_oob_code",
    "password_reset",
    "reset_email_by_code",
    "stolen_credentials",
    "user_invitation",
    "verify_email_by_code",
];

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailTemplate {
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Which message it is.
    pub template: String,
    /// Its body, HTML with placeholders.
    #[serde(default)]
    pub body: String,
    /// Its sender; the configured one when empty.
    #[serde(default)]
    pub from: String,
    /// Its subject, with placeholders.
    #[serde(default)]
    pub subject: String,
    /// The language of the placeholders: `liquid`.
    #[serde(default)]
    pub syntax: String,
    /// Where the person may go on after following the link.
    #[serde(default, rename = "resultUrl")]
    pub result_url: Option<String>,
    /// How long the link is good, instead of our own time, in seconds.
    #[serde(default, rename = "urlLifetimeInSeconds")]
    pub url_lifetime_in_seconds: Option<u64>,
    /// Auth0's; nothing here puts an address into a redirect.
    #[serde(default, rename = "includeEmailInRedirect")]
    pub include_email_in_redirect: bool,
    /// Whether it is used; otherwise our own message is, or none where Auth0 sends none.
    #[serde(default)]
    pub enabled: bool,
}

impl Record for EmailTemplate {
    const KIND: Kind = Kind::EmailTemplate;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn id(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.template)
    }

    /// Nothing remembers a template: each message reads its own.
    fn change(&self) -> Change {
        Change::Tenant { tenant: self.tenant.clone() }
    }
}
