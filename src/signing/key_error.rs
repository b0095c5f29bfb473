//! What can go wrong with our own keys; no message ever holds key material.

use crate::clock::EntropyError;
use crate::protocol::ids::KeyId;
use crate::signing::sealing::SealError;

/// A signing key could not be made, opened or used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KeyError {
    /// There was no randomness to make a key from.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The library made no key.
    #[error("no {0} key could be made")]
    Generation(&'static str),
    /// A record whose parts do not belong together.
    #[error("signing key {kid} is inconsistent: {why}")]
    Inconsistent {
        /// Which record.
        kid: KeyId,
        /// What does not fit.
        why: &'static str,
    },
    /// The private key would not open: another master key, another tenant, or damage.
    #[error("signing key {0} does not open under this master key")]
    NotOpened(KeyId),
    /// The private key could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The library refused to sign.
    #[error("signing failed")]
    Signature,
}
