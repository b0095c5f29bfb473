//! A public key ready to verify one algorithm: ours, or a client's.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};
use ed25519_dalek::VerifyingKey;

use crate::model::signing_key::Algorithm;
use crate::protocol::jwk::{Curve, PublicJwk};
use crate::protocol::jwt::JwsAlgorithm;

/// Shortest accepted RSA modulus in bytes (RFC 7518 §3.3: 2048 bits).
const RSA_MIN_BYTES: usize = 256;
/// Longest accepted RSA modulus in bytes: verification costs the square of it.
const RSA_MAX_BYTES: usize = 1024;
/// Longest accepted RSA exponent in bytes: verification costs a multiplication per bit of it.
const RSA_EXPONENT_MAX_BYTES: usize = 4;

/// A parsed public key; parsing is the dear part for points on a curve, so keep it.
pub(in crate::signing) enum Verifier {
    AwsLc(ParsedPublicKey),
    Dalek(VerifyingKey),
}

impl Verifier {
    /// `None` when the key is of another kind than the algorithm, weak, or no key at all.
    pub(in crate::signing) fn new(algorithm: JwsAlgorithm, key: &PublicJwk) -> Option<Self> {
        match (algorithm, key) {
            (JwsAlgorithm::EdDsa, PublicJwk::Ed25519 { x }) => ed25519(x),
            (JwsAlgorithm::Es256, PublicJwk::Ec { curve: Curve::P256, x, y }) => {
                point(&ECDSA_P256_SHA256_FIXED, x, y)
            }
            (JwsAlgorithm::Es384, PublicJwk::Ec { curve: Curve::P384, x, y }) => {
                point(&ECDSA_P384_SHA384_FIXED, x, y)
            }
            (JwsAlgorithm::Ps256, PublicJwk::Rsa { n, e }) => rsa(&RSA_PSS_2048_8192_SHA256, n, e),
            (JwsAlgorithm::Rs256, PublicJwk::Rsa { n, e }) => rsa(&RSA_PKCS1_2048_8192_SHA256, n, e),
            _ => None,
        }
    }

    /// Whether `signature` is this key's signature of `message`. Ed25519 is checked strictly: one key, one
    /// message, one signature (no malleable or small-order cases).
    pub(in crate::signing) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::AwsLc(key) => key.verify_sig(message, signature).is_ok(),
            Self::Dalek(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        }
    }
}

fn ed25519(x: &[u8; 32]) -> Option<Verifier> {
    let key = VerifyingKey::from_bytes(x).ok()?;
    (!key.is_weak()).then_some(Verifier::Dalek(key))
}

fn point(algorithm: &'static dyn VerificationAlgorithm, x: &[u8], y: &[u8]) -> Option<Verifier> {
    let uncompressed = [&[4][..], x, y].concat();
    ParsedPublicKey::new(algorithm, uncompressed).ok().map(Verifier::AwsLc)
}

fn rsa(algorithm: &'static RsaParameters, n: &[u8], e: &[u8]) -> Option<Verifier> {
    let leading = n.first()?.leading_zeros();
    // 2048 bits, not merely 256 bytes.
    let long_enough = n.len() > RSA_MIN_BYTES || (n.len() == RSA_MIN_BYTES && leading == 0);
    let exponent_is_sound = e.len() <= RSA_EXPONENT_MAX_BYTES && e != [1] && e.last()? % 2 == 1;
    if !long_enough || n.len() > RSA_MAX_BYTES || !exponent_is_sound {
        return None;
    }
    RsaPublicKeyComponents { n, e }.to_parsed_public_key(algorithm).ok().map(Verifier::AwsLc)
}

impl From<Algorithm> for JwsAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::EdDsa => Self::EdDsa,
            Algorithm::Es256 => Self::Es256,
            Algorithm::Rs256 => Self::Rs256,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modulus(bytes: usize, first: u8) -> Vec<u8> {
        let mut n = vec![0xA5; bytes];
        n[0] = first;
        n
    }

    #[test]
    fn short_long_and_strange_rsa_keys_are_refused() {
        let accepted = |n: Vec<u8>, e: &[u8]| {
            Verifier::new(JwsAlgorithm::Rs256, &PublicJwk::Rsa { n, e: e.to_vec() }).is_some()
        };
        assert!(accepted(modulus(256, 0x80), &[1, 0, 1]));
        assert!(!accepted(modulus(256, 0x7F), &[1, 0, 1]), "2047 bits");
        assert!(!accepted(modulus(128, 0x80), &[1, 0, 1]));
        assert!(!accepted(modulus(1025, 0x80), &[1, 0, 1]));
        assert!(!accepted(modulus(256, 0x80), &[1]));
        assert!(!accepted(modulus(256, 0x80), &[2]));
        assert!(!accepted(modulus(256, 0x80), &[1, 0, 0, 0, 1]));
    }

    #[test]
    fn an_algorithm_takes_only_its_own_kind_of_key() {
        let rsa = PublicJwk::Rsa { n: modulus(256, 0x80), e: vec![1, 0, 1] };
        for algorithm in JwsAlgorithm::ALL {
            let fits = matches!(algorithm, JwsAlgorithm::Rs256 | JwsAlgorithm::Ps256);
            assert_eq!(Verifier::new(algorithm, &rsa).is_some(), fits);
        }
    }

    #[test]
    fn what_lies_on_no_curve_or_has_small_order_is_refused() {
        let off = PublicJwk::Ec { curve: Curve::P256, x: vec![1; 32], y: vec![1; 32] };
        assert!(Verifier::new(JwsAlgorithm::Es256, &off).is_none());
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert!(Verifier::new(JwsAlgorithm::EdDsa, &PublicJwk::Ed25519 { x: neutral }).is_none());
    }
}
