//! Remembers for a while which chosen client secrets were right, so that a backend that asks a thousand times
//! a second pays for argon2id once.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::clock::Entropy;
use crate::protocol::oauth_error::OAuthError;

/// How long a right secret is remembered.
const REMEMBERED_FOR: Duration = Duration::from_mins(5);

/// How many right secrets are remembered.
const REMEMBERED_MAX: u64 = 10_000;

/// Right secrets, as keyed hashes under a key that only this process has. The stored hash is part of what is
/// hashed, so a replaced secret is forgotten by itself.
pub struct SecretMemo {
    key: [u8; 32],
    known: moka::sync::Cache<[u8; 32], ()>,
}

impl SecretMemo {
    /// An empty memo.
    ///
    /// # Errors
    /// `server_error` when there is no randomness.
    pub fn new(entropy: &Entropy) -> Result<Self, OAuthError> {
        let key = entropy.bytes().map_err(|error| OAuthError::server_error(error.to_string()))?;
        let known =
            moka::sync::Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(REMEMBERED_FOR).build();
        Ok(Self { key, known })
    }

    /// Whether `secret` was right for `hash` not long ago.
    pub fn knows(&self, secret: &str, hash: &str) -> bool {
        self.digest(secret, hash).is_some_and(|digest| self.known.contains_key(&digest))
    }

    /// Remembers that `secret` is right for `hash`.
    pub fn remember(&self, secret: &str, hash: &str) {
        if let Some(digest) = self.digest(secret, hash) {
            self.known.insert(digest, ());
        }
    }

    fn digest(&self, secret: &str, hash: &str) -> Option<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(hash.as_bytes());
        mac.update(&[0]);
        mac.update(secret.as_bytes());
        Some(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_secret_for_the_same_hash_is_known() {
        let memo = SecretMemo::new(&Entropy::seeded(1)).unwrap();
        assert!(!memo.knows("s", "h"));
        memo.remember("s", "h");
        assert!(memo.knows("s", "h"));
        assert!(!memo.knows("s", "h2") && !memo.knows("s2", "h"));
    }
}
