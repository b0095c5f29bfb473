//! The `breaches` section: where it can be looked up whether a password has leaked.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// A list of leaked passwords; with neither a file nor a URL there is none.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Breaches {
    /// A sorted file of SHA-1 digests in upper-case hexadecimal, one a line, each perhaps followed by `:count`.
    pub file: PathBuf,
    /// Where the digests that begin with five characters are listed (k-anonymity): the five are put after it.
    pub range_url: String,
    /// How long the list may take to answer, in milliseconds; then the password counts as not leaked.
    pub timeout_ms: u64,
    /// How many look-ups there are at once; over it, a password counts as not leaked.
    pub concurrency: usize,
}

impl Default for Breaches {
    fn default() -> Self {
        Self { file: PathBuf::new(), range_url: String::new(), timeout_ms: 1_000, concurrency: 16 }
    }
}

impl Breaches {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        let url = &self.range_url;
        if !url.is_empty() && !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(ConfigError::key("breaches.range_url", "expected http(s)://…/"));
        }
        if !url.is_empty() && !self.file.as_os_str().is_empty() {
            return Err(ConfigError::key("breaches.range_url", "expected either this or breaches.file"));
        }
        Ok(())
    }
}
