//! Secrets on their way in: never printed, and hashed by where they come from.

use std::fmt;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::actors::passwords::Objection;

/// A secret in the clear: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// Hashes passwords, and secrets that people chose, slowly.
#[async_trait::async_trait]
pub trait Hashing: Send + Sync {
    /// The hash of a password, as a PHC string.
    ///
    /// # Errors
    /// [`HashingError`].
    async fn hash(&self, password: Zeroizing<String>) -> Result<String, HashingError>;

    /// Whether `password` is the one behind `hash`.
    ///
    /// # Errors
    /// [`HashingError`].
    async fn verify(&self, password: Zeroizing<String>, hash: String) -> Result<bool, HashingError>;

    /// How many guesses `password` stands, 0 to 4, for guessers who know `facts`.
    ///
    /// # Errors
    /// [`HashingError`].
    async fn score(&self, password: Zeroizing<String>, facts: Vec<String>) -> Result<u8, HashingError>;

    /// Whether `password` is on the list of leaked ones, if there is a list and it answers.
    async fn has_leaked(&self, password: Zeroizing<String>) -> bool;

    /// Why `hash` cannot be verified at an allowed cost; `None` when it can.
    fn objection(&self, hash: &str) -> Option<Objection>;
}

/// Why a password was not hashed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashingError {
    /// Too many are waiting.
    #[error("too many passwords are being hashed")]
    Busy {
        /// When it is worth another try.
        retry_after_secs: u64,
    },
    /// It cannot be done.
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}

impl Secret {
    /// The secret itself, for whoever must hash or show it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A copy for a hasher to keep.
    pub(crate) fn to_zeroizing(&self) -> Zeroizing<String> {
        self.0.clone()
    }

    /// Whether it looks drawn from 256 random bits: at least 43 characters of base64url, or 64 of hexadecimal, in
    /// which neither characters nor kinds of characters repeat as they do in words. A mistake costs 20 ms per
    /// authentication in one direction; in the other, the hash is still under a key of ours.
    pub fn looks_generated(&self) -> bool {
        let bytes = self.0.as_bytes();
        let mut seen = [false; 256];
        for byte in bytes {
            seen[usize::from(*byte)] = true;
        }
        let distinct = seen.iter().filter(|seen| **seen).count();
        if bytes.len() >= 64 && bytes.iter().all(u8::is_ascii_hexdigit) {
            return distinct >= 12;
        }
        let legal = bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let turns = bytes.windows(2).filter(|pair| kind(pair[0]) != kind(pair[1])).count();
        let joints = bytes.iter().filter(|byte| kind(**byte) == 3).count();
        // Random text turns from one kind to another at 64 of 100 places and has 3 joints in 100 characters; words
        // with capitals and hyphens turn at fewer, or have more.
        bytes.len() >= 43
            && legal
            && distinct >= 20
            && turns * 20 >= bytes.len() * 9
            && joints * 7 <= bytes.len()
    }
}

fn kind(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        b'a'..=b'z' => 2,
        _ => 3,
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The reader's own message would quote what it found.
        String::deserialize(deserializer)
            .map(Self::from)
            .map_err(|_| serde::de::Error::custom("expected a text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Entropy;
    use crate::engine::records::mint;

    fn looks_generated(text: &str) -> bool {
        Secret::from(text.to_owned()).looks_generated()
    }

    #[test]
    fn what_we_generate_looks_generated() {
        let entropy = Entropy::seeded(7);
        let known = (0..2000).filter(|_| mint::client_secret(&entropy).unwrap().looks_generated()).count();
        assert!(known > 1950, "{known} of 2000");
        let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert!(looks_generated(hex));
    }

    #[test]
    fn what_people_choose_does_not() {
        for chosen in [
            "hunter2",
            "correct-horse-battery-staple-correct-horse-battery",
            "The-Quick-Brown-Fox-Jumps-Over-The-Lazy-Dog-0123456789",
            "TheQuickBrownFoxJumpsOverTheLazyDog0123456789",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "1111111111111111111111111111111111111111111111111111111111111111",
            "aA1-aA1-aA1-aA1-aA1-aA1-aA1-aA1-aA1-aA1-aA1-aA1-",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b82",
        ] {
            assert!(!looks_generated(chosen), "{chosen}");
        }
    }

    #[test]
    fn a_secret_never_prints() {
        assert_eq!(format!("{:?}", Secret::from("hunter2".to_owned())), "Secret(…)");
        let error = serde_json::from_str::<Secret>("12345").unwrap_err().to_string();
        assert!(!error.contains("12345"), "{error}");
    }
}
