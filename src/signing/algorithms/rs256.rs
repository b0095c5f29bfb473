//! RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3), 2048 bits.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use zeroize::Zeroizing;

use super::{NewKey, Refused};
use crate::protocol::jwk::PublicJwk;

pub(in crate::signing) struct PrivateKey(KeyPair);

/// A key from the library's own generator: a search for primes is not worth doing by hand, so `Entropy`
/// has no say here. Takes tens to hundreds of milliseconds.
pub(super) fn generate() -> Result<NewKey, Refused> {
    let key = PrivateKey(KeyPair::generate(KeySize::Rsa2048).map_err(|_| Refused)?);
    let pkcs8: Pkcs8V1Der<'_> = key.0.as_der().map_err(|_| Refused)?;
    Ok(NewKey { pkcs8: Zeroizing::new(pkcs8.as_ref().to_vec()), public: key.public() })
}

impl PrivateKey {
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, Refused> {
        let key = KeyPair::from_pkcs8(der).map_err(|_| Refused)?;
        // Two thousand bits are what the store, the signature's room and the documentation promise.
        if key.public_modulus_len() == KeySize::Rsa2048.len() { Ok(Self(key)) } else { Err(Refused) }
    }

    pub(super) fn public(&self) -> PublicJwk {
        let key = self.0.public_key();
        PublicJwk::Rsa {
            n: key.modulus().big_endian_without_leading_zero().to_vec(),
            e: key.exponent().big_endian_without_leading_zero().to_vec(),
        }
    }

    pub(super) fn signature_bytes(&self) -> usize {
        self.0.public_modulus_len()
    }

    pub(super) fn sign(&self, message: &[u8], room: &mut [u8]) -> Result<(), Refused> {
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, room).map_err(|_| Refused)
    }
}
