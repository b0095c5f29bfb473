//! The outcome of verifying a JWT's signature.

use std::fmt;

use crate::protocol::jwt::{Compact, Malformed, is_strict_object};

/// A token whose signature held. Expiry, issuer and audience are still for the caller to judge.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified {
    /// The header's `typ`, as it was written.
    pub typ: Option<String>,
    /// The claims: one JSON object without repeated members.
    pub claims: Vec<u8>,
}

/// Why a token was not verified. For logs: callers answer all of them with one wording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// `alg` is unknown, symmetric, `none`, or not the key's.
    #[error("the token's algorithm is not acceptable")]
    Algorithm,
    /// Not a canonical compact JWT with an object of claims.
    #[error("the token is malformed")]
    Malformed,
    /// The signature does not belong to these claims and this key.
    #[error("the token's signature does not verify")]
    Signature,
    /// No key fits the token.
    #[error("no key fits the token")]
    UnknownKey,
}

impl Verified {
    /// For a token whose signature has just been checked.
    pub(super) fn new(jwt: Compact<'_>) -> Result<Self, BadToken> {
        if !is_strict_object(&jwt.claims) {
            return Err(BadToken::Malformed);
        }
        Ok(Self { typ: jwt.header.typ, claims: jwt.claims })
    }
}

impl fmt::Debug for Verified {
    /// Claims are about people; they stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("typ", &self.typ).finish_non_exhaustive()
    }
}

impl From<Malformed> for BadToken {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}
