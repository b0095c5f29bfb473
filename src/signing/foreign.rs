//! JWTs signed by a client's key (`private_key_jwt`, RFC 7523): verified with the JWK set the client registered.

use serde_json::Value;

use crate::protocol::jwk::PublicJwk;
use crate::protocol::jwt::{Compact, JwsAlgorithm};
use crate::signing::algorithms::verifier::Verifier;
pub use crate::signing::verified::{BadToken, Verified};

/// How many keys are tried for one token; verification is work that a stranger can ask for.
pub const KEYS_TRIED_MAX: usize = 10;

/// Verifies `token` with one of the keys in `jwks`: those called by the token's `kid` when it has one,
/// otherwise each key that suits its algorithm. Expiry, issuer and audience are still for the caller to
/// judge.
///
/// # Errors
/// Malformed, of an algorithm outside [`JwsAlgorithm`] (so never `none`, never HMAC), no suitable key
/// among the first [`KEYS_TRIED_MAX`] (RSA below 2048 bits is none), or a signature that does not hold.
pub fn verify_with_jwks(jwks: &Value, token: &str) -> Result<Verified, BadToken> {
    let jwt = Compact::read(token)?;
    let algorithm = JwsAlgorithm::from_name(&jwt.header.alg).ok_or(BadToken::Algorithm)?;
    let keys = jwks.get("keys").and_then(Value::as_array).ok_or(BadToken::UnknownKey)?;
    let kid = jwt.header.kid.as_deref();
    let mut refusal = BadToken::UnknownKey;
    let named = keys.iter().filter(|jwk| kid.is_none() || text(jwk, "kid") == kid);
    let suitable = named.filter(|jwk| may_verify(jwk, algorithm)).take(KEYS_TRIED_MAX);
    for verifier in suitable.filter_map(|jwk| verifier(jwk, algorithm)) {
        if verifier.verify(jwt.signed, &jwt.signature) {
            return Verified::new(jwt);
        }
        refusal = BadToken::Signature;
    }
    Err(refusal)
}

/// An instant as a JWT gives it: seconds since 1970, not always whole ones (RFC 7519 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(try_from = "f64")]
pub struct NumericDate(u64);

impl NumericDate {
    /// The second in which it lies.
    pub const fn secs(self) -> u64 {
        self.0
    }
}

impl From<u64> for NumericDate {
    fn from(secs: u64) -> Self {
        Self(secs)
    }
}

impl TryFrom<f64> for NumericDate {
    type Error = std::time::TryFromFloatSecsError;

    fn try_from(secs: f64) -> Result<Self, Self::Error> {
        std::time::Duration::try_from_secs_f64(secs).map(|since| Self(since.as_secs()))
    }
}

/// Whether `typ` names one of `types`, which are in small letters and without `application/` (RFC 7515 §4.1.9).
pub fn is_one_of(typ: &str, types: &[&str]) -> bool {
    let typ = typ.to_ascii_lowercase();
    types.contains(&typ.strip_prefix("application/").unwrap_or(&typ))
}

/// What the key says of itself (RFC 7517 §4.2–4.4); silence permits.
fn may_verify(jwk: &Value, algorithm: JwsAlgorithm) -> bool {
    let kind = match algorithm {
        JwsAlgorithm::EdDsa => "OKP",
        JwsAlgorithm::Es256 | JwsAlgorithm::Es384 => "EC",
        JwsAlgorithm::Ps256 | JwsAlgorithm::Rs256 => "RSA",
    };
    let operations = jwk.get("key_ops").and_then(Value::as_array);
    text(jwk, "kty") == Some(kind)
        && text(jwk, "use").is_none_or(|purpose| purpose == "sig")
        && text(jwk, "alg").is_none_or(|own| own == algorithm.name())
        && operations.is_none_or(|operations| operations.iter().any(|operation| operation == "verify"))
}

fn verifier(jwk: &Value, algorithm: JwsAlgorithm) -> Option<Verifier> {
    Verifier::new(algorithm, &PublicJwk::read(jwk).ok()?)
}

fn text<'a>(jwk: &'a Value, name: &str) -> Option<&'a str> {
    jwk.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests;
