//! The `logging` section.

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// How logs are written; they go to standard error.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Logging {
    /// One object per line, or text for people.
    pub format: LogFormat,
    /// A level, or directives such as `info,jeton::store=debug`.
    pub level: String,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// Text, coloured on a terminal.
    Text,
}

impl Default for Logging {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

impl Logging {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        if self.level.trim().is_empty() {
            return Err(ConfigError::key("logging.level", "expected a level such as info"));
        }
        tracing_subscriber::EnvFilter::try_new(&self.level)
            .map(drop)
            .map_err(|cause| ConfigError::key("logging.level", cause.to_string()))
    }
}
