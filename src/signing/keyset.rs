//! One tenant's keys at one instant: what signs, what is published, what verifies.

use std::cmp::Reverse;
use std::fmt;

use bytes::Bytes;

use crate::model::signing_key::{Algorithm, KeyState, SigningKeyRecord};
use crate::protocol::ids::KeyId;
use crate::protocol::jwk::PublicJwk;
use crate::protocol::jwt::Compact;
use crate::signing::algorithms::PrivateKey;
use crate::signing::algorithms::verifier::Verifier;
use crate::signing::jwks;
pub use crate::signing::key_error::KeyError;
use crate::signing::sealing::{Purpose, Sealer};
pub use crate::signing::signer::{Signer, TokenType};
pub use crate::signing::verified::{BadToken, Verified};

/// An immutable snapshot: build a new one when the records change.
pub struct KeySet {
    /// The newest active key of each algorithm.
    signers: Vec<Signer>,
    published: Vec<Published>,
    jwks: Bytes,
}

/// A key that verifies, whatever its state.
struct Published {
    kid: KeyId,
    algorithm: Algorithm,
    key: PublicJwk,
    verifier: Verifier,
}

impl KeySet {
    /// Opens the active keys of `records` (all of one tenant) and publishes every one of them.
    ///
    /// # Errors
    /// A private key does not open, or a record's parts do not belong together.
    pub fn new(records: &[SigningKeyRecord], sealer: &Sealer) -> Result<Self, KeyError> {
        let mut ordered: Vec<&SigningKeyRecord> = records.iter().collect();
        // Active keys first, newest first, for those who take the first key; then the same on every node.
        ordered.sort_by_key(|record| (rank(&record.status), record.kid.clone()));
        let mut signers: Vec<Signer> = Vec::new();
        let mut published = Vec::with_capacity(ordered.len());
        for record in ordered {
            if record.tenant != records[0].tenant {
                return Err(inconsistent(record, "it belongs to another tenant"));
            }
            published.push(publish(record)?);
            let first = signers.iter().all(|signer| signer.algorithm() != record.algorithm);
            if first && matches!(record.status, KeyState::Active { .. }) {
                signers.push(open(record, sealer)?);
            }
        }
        let jwks = jwks::render(published.iter().map(|own| (&own.kid, own.algorithm, &own.key)));
        Ok(Self { signers, published, jwks })
    }

    /// No keys: nothing signs, nothing verifies.
    pub fn empty() -> Self {
        Self { signers: Vec::new(), published: Vec::new(), jwks: jwks::render(std::iter::empty()) }
    }

    /// The newest active key of `algorithm`.
    pub fn signer(&self, algorithm: Algorithm) -> Option<&Signer> {
        self.signers.iter().find(|signer| signer.algorithm() == algorithm)
    }

    /// The JWK set: active, next and retiring keys, each with `kid`, `use` and `alg`.
    pub fn jwks(&self) -> &Bytes {
        &self.jwks
    }

    /// The algorithms that can sign now, in declaration order.
    pub fn algorithms(&self) -> Vec<Algorithm> {
        Algorithm::ALL.into_iter().filter(|algorithm| self.signer(*algorithm).is_some()).collect()
    }

    /// Verifies a token that we signed with any published key. Expiry, issuer and audience are still for
    /// the caller to judge.
    ///
    /// # Errors
    /// Malformed, of an unknown key, of another algorithm than that key's, or a signature that does not hold.
    pub fn verify(&self, token: &str) -> Result<Verified, BadToken> {
        let jwt = Compact::read(token)?;
        let kid = jwt.header.kid.as_deref().ok_or(BadToken::UnknownKey)?;
        let own = self.published.iter().find(|own| own.kid.as_str() == kid).ok_or(BadToken::UnknownKey)?;
        if jwt.header.alg != own.algorithm.name() {
            return Err(BadToken::Algorithm);
        }
        if !own.verifier.verify(jwt.signed, &jwt.signature) {
            return Err(BadToken::Signature);
        }
        Verified::new(jwt)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let published: Vec<&KeyId> = self.published.iter().map(|own| &own.kid).collect();
        f.debug_struct("KeySet")
            .field("signers", &self.signers)
            .field("published", &published)
            .finish_non_exhaustive()
    }
}

fn rank(status: &KeyState) -> (u8, Reverse<u64>) {
    match status {
        KeyState::Active { since } => (0, Reverse(since.0)),
        KeyState::Next { published_at } => (1, Reverse(published_at.0)),
        KeyState::Retiring { until } => (2, Reverse(until.0)),
    }
}

fn publish(record: &SigningKeyRecord) -> Result<Published, KeyError> {
    let key = PublicJwk::read(&record.public_jwk).map_err(|_| inconsistent(record, "no public key"))?;
    if key.thumbprint() != record.kid {
        return Err(inconsistent(record, "the kid is not the public key's thumbprint"));
    }
    let verifier = Verifier::new(record.algorithm.into(), &key)
        .ok_or_else(|| inconsistent(record, "the public key does not suit the algorithm"))?;
    Ok(Published { kid: record.kid.clone(), algorithm: record.algorithm, key, verifier })
}

fn open(record: &SigningKeyRecord, sealer: &Sealer) -> Result<Signer, KeyError> {
    let pkcs8 = sealer
        .open(Purpose::SigningKey, &record.tenant, &record.sealed_private_key)
        .ok_or_else(|| KeyError::NotOpened(record.kid.clone()))?;
    let key = PrivateKey::from_pkcs8(record.algorithm, &pkcs8)
        .map_err(|_| inconsistent(record, "the private key does not suit the algorithm"))?;
    if !key.public().is_ok_and(|public| public.thumbprint() == record.kid) {
        return Err(inconsistent(record, "the private key is not the public key's"));
    }
    Ok(Signer::new(record.kid.clone(), record.algorithm, key))
}

fn inconsistent(record: &SigningKeyRecord, why: &'static str) -> KeyError {
    KeyError::Inconsistent { kid: record.kid.clone(), why }
}

#[cfg(test)]
mod tests;
