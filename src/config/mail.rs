//! The `mail` section: how messages to people leave.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use super::secrets::Secret;

/// Messages to people.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// The directory into which each message is written as a file, as long as there is no `smtp_url`.
    pub folder: PathBuf,
    /// The server that takes messages: `smtps://user:password@host:port`, or `smtp://host?tls=required`.
    pub smtp_url: Secret,
    /// Who messages are from.
    pub from: String,
    /// Most bytes of profile and metadata that a link carries which confirms a signup; one with more is refused.
    pub signup_bytes_max: usize,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("mail"),
            smtp_url: Secret::default(),
            from: "Jeton <no-reply@localhost>".to_owned(),
            signup_bytes_max: 9 * 1024,
        }
    }
}

impl Mail {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let url = self.smtp_url.expose();
        if !url.is_empty() && !url.starts_with("smtps://") && !url.starts_with("smtp://") {
            return Err(ConfigError::key("mail.smtp_url", "expected smtps://… or smtp://…"));
        }
        if !self.from.contains('@') {
            return Err(ConfigError::key("mail.from", "expected a mail address"));
        }
        Ok(())
    }
}
