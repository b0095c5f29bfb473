//! The master key: 32 bytes from which every other symmetric key is derived.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::clock::{Entropy, EntropyError};

/// The master key; wiped from memory when dropped, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

/// The text is not 32 bytes in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 32 bytes in base64")]
pub struct BadMasterKey;

impl MasterKey {
    /// A key from its bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A new random key.
    ///
    /// # Errors
    /// The operating system gave no randomness.
    pub fn generate(entropy: &Entropy) -> Result<Self, EntropyError> {
        entropy.bytes().map(Self)
    }

    /// A key from base64 of either alphabet, padded or not, with white space around it (a file's last
    /// line feed).
    ///
    /// # Errors
    /// The text is not base64, or not of 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, BadMasterKey> {
        let digits = text.trim().trim_end_matches('=');
        let engine = if digits.contains(['-', '_']) { &URL_SAFE_NO_PAD } else { &STANDARD_NO_PAD };
        let bytes = Zeroizing::new(engine.decode(digits).map_err(|_| BadMasterKey)?);
        bytes.as_slice().try_into().map(Self).map_err(|_| BadMasterKey)
    }

    /// The text that [`MasterKey::from_base64`] reads, for a key file.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0))
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_either_alphabet_is_read() {
        let key = MasterKey::new([0xFB; 32]);
        let standard = key.to_base64();
        let url_safe = URL_SAFE_NO_PAD.encode([0xFB; 32]);
        for text in [standard.as_str(), &format!(" {}\n", *standard), &url_safe] {
            assert_eq!(MasterKey::from_base64(text).unwrap().as_bytes(), &[0xFB; 32], "{text}");
        }
    }

    #[test]
    fn anything_but_32_bytes_is_refused() {
        for text in ["", "AAAA", "not base64!", &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33])] {
            assert_eq!(MasterKey::from_base64(text).err(), Some(BadMasterKey), "{text}");
        }
    }

    #[test]
    fn a_generated_key_never_prints() {
        let key = MasterKey::generate(&Entropy::seeded(1)).unwrap();
        assert_ne!(key.as_bytes(), &[0; 32]);
        assert_eq!(format!("{key:?}"), "MasterKey(…)");
    }
}
