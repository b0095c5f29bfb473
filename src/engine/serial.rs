//! Token ids: unique without a system call, and not secret.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use serde::{Deserialize, Serialize};

use crate::clock::Entropy;
use crate::protocol::oauth_error::OAuthError;

/// Sixteen bytes as 22 characters: eight random ones of this process, eight that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Jti([u8; 22]);

impl Jti {
    /// The id as it travels on the wire.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Counts tokens from a random start.
#[derive(Debug)]
pub struct Serial {
    process: [u8; 8],
    count: AtomicU64,
}

impl Serial {
    /// A new start.
    ///
    /// # Errors
    /// `server_error` when there is no randomness.
    pub fn new(entropy: &Entropy) -> Result<Self, OAuthError> {
        let fail = |error: crate::clock::EntropyError| OAuthError::server_error(error.to_string());
        let process = entropy.bytes::<8>().map_err(fail)?;
        let start = u64::from_le_bytes(entropy.bytes::<8>().map_err(fail)?);
        Ok(Self { process, count: AtomicU64::new(start) })
    }

    /// An id that this process has not given before.
    pub fn next(&self) -> Jti {
        let mut raw = [0_u8; 16];
        raw[..8].copy_from_slice(&self.process);
        raw[8..].copy_from_slice(&self.count.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let mut text = [b'A'; 22];
        // Sixteen bytes are exactly 22 characters; the encoder has no way to fail.
        let _written = URL_SAFE_NO_PAD.encode_slice(raw, &mut text);
        Jti(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_within_and_between_processes() {
        let one = Serial::new(&Entropy::seeded(1)).unwrap();
        let two = Serial::new(&Entropy::seeded(2)).unwrap();
        let ids: std::collections::HashSet<_> =
            (0..1000).flat_map(|_| [one.next(), two.next()]).map(|jti| jti.as_str().to_owned()).collect();
        assert_eq!(ids.len(), 2000);
        assert!(ids.iter().all(|id| id.len() == 22));
    }
}
