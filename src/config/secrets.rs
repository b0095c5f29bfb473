//! What must not be printed: the master key, the bootstrap client, and the type every secret has.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::{Deserialize, Serialize, Serializer};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{Config, ConfigError};

/// Environment names that operators know without our prefix, each with its key. With `_FILE` added they name a file.
pub(super) const SHORT_NAMES: [(&str, &str); 3] = [
    ("JETON_MASTER_KEY", "master_key"),
    ("JETON_BOOTSTRAP_CLIENT_ID", "bootstrap.client_id"),
    ("JETON_BOOTSTRAP_CLIENT_SECRET", "bootstrap.client_secret"),
];

/// A text that neither `Debug` nor `Serialize` shows: both write `…`, or nothing when it is empty.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct Secret(String);

/// A retired master key that still opens what it sealed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PreviousKey {
    /// The number it was used under.
    pub epoch: u8,
    /// The key, 32 bytes in base64.
    pub key: Secret,
}

/// The management client ensured at start, so that a first call to the management API is possible.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bootstrap {
    /// Its identifier; empty ensures none.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
}

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether nothing was configured.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The 32 bytes that this text holds in base64 (with or without padding), or `None` when it holds anything else.
    pub fn key_bytes(&self) -> Option<Zeroizing<[u8; 32]>> {
        let text = self.0.trim();
        let bytes = STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()?;
        let bytes = Zeroizing::new(bytes);
        <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.shown())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}

impl Secret {
    fn shown(&self) -> &'static str {
        if self.0.is_empty() { "" } else { "…" }
    }
}

impl TryFrom<String> for PreviousKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let shape = || "expected epoch:base64, such as 1:q83v…".to_owned();
        let text = Zeroizing::new(text);
        let (epoch, key) = text.split_once(':').ok_or_else(shape)?;
        let epoch = epoch.parse().map_err(|_| shape())?;
        let key = Secret(key.to_owned());
        if key.key_bytes().is_none() {
            return Err(shape());
        }
        Ok(Self { epoch, key })
    }
}

impl Serialize for PreviousKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}:…", self.epoch))
    }
}

pub(super) fn validate(config: &Config) -> Result<(), ConfigError> {
    if !config.master_key.is_empty() && config.master_key.key_bytes().is_none() {
        return Err(ConfigError::key("master_key", "expected 32 bytes in base64 (openssl rand -base64 32)"));
    }
    if config.previous_master_keys.iter().any(|previous| previous.epoch == config.master_key_epoch) {
        return Err(ConfigError::key(
            "master_key_epoch",
            "a previous master key has the same epoch; give the new key the next number",
        ));
    }
    if config.bootstrap.client_id.is_empty() != config.bootstrap.client_secret.is_empty() {
        let (absent, given) = if config.bootstrap.client_id.is_empty() {
            ("client_id", "client_secret")
        } else {
            ("client_secret", "client_id")
        };
        let problem = format!("must be set, because bootstrap.{given} is");
        return Err(ConfigError::key(format!("bootstrap.{absent}"), problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let secret = Secret::from("hunter2".to_owned());
        assert_eq!(format!("{secret:?}"), "…");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"…\"");
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(serde_json::to_string(&Secret::default()).unwrap(), "\"\"");
    }

    #[test]
    fn only_thirty_two_bytes_are_a_key() {
        let key = |text: &str| Secret::from(text.to_owned()).key_bytes().map(|bytes| bytes[0]);
        assert_eq!(key(&STANDARD.encode([7_u8; 32])), Some(7));
        assert_eq!(key(&STANDARD_NO_PAD.encode([7_u8; 32])), Some(7));
        assert_eq!(key(&STANDARD.encode([7_u8; 31])), None);
        assert_eq!(key("not base64"), None);
    }

    #[test]
    fn a_previous_key_names_its_epoch_and_hides_the_rest() {
        let text = format!("3:{}", STANDARD.encode([7_u8; 32]));
        let previous = PreviousKey::try_from(text).unwrap();
        assert_eq!(previous.epoch, 3);
        assert_eq!(serde_json::to_string(&previous).unwrap(), "\"3:…\"");
        assert!(PreviousKey::try_from("256:AAAA".to_owned()).is_err());
        assert!(PreviousKey::try_from(STANDARD.encode([7_u8; 32])).is_err());
    }
}
