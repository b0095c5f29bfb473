//! What can be wrong with a configuration; every error names the key at fault.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file named by the configuration cannot be read.
    #[error("{}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read.
        cause: std::io::Error,
    },
    /// A key is unknown, has the wrong type or a value out of range.
    #[error("{key}{}: {problem}", named_by.as_ref().map(|name| format!(" (from {name})")).unwrap_or_default())]
    Key {
        /// The path of the key, such as `limits.body_bytes_max`.
        key: String,
        /// The environment variable that set it, if one did.
        named_by: Option<String>,
        /// What was expected.
        problem: String,
    },
    /// The file is not TOML.
    #[error("{}: {problem}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, column and what was expected.
        problem: String,
    },
}

impl ConfigError {
    /// The error that `key` has the problem described.
    pub fn key(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Key { key: key.into(), named_by: None, problem: problem.into() }
    }
}

/// Refuses a value that lies outside `range`.
///
/// # Errors
/// The key and the range.
pub fn within<T: PartialOrd + Display>(
    key: &str,
    value: &T,
    range: &RangeInclusive<T>,
) -> Result<(), ConfigError> {
    if range.contains(value) {
        return Ok(());
    }
    let problem = format!("{value} is not between {} and {}", range.start(), range.end());
    Err(ConfigError::key(key, problem))
}
