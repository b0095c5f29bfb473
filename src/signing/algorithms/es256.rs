//! ECDSA with P-256 and SHA-256 (RFC 7518 §3.4): the signature is `r | s`, 64 bytes.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use zeroize::Zeroizing;

use super::{NewKey, Refused, fill_from};
use crate::protocol::jwk::{Curve, PublicJwk};

/// `ECPrivateKey` (RFC 5915) around a 32-byte scalar: version 1, the scalar, the curve's name.
const RFC_5915_HEAD: [u8; 7] = [0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20];
const RFC_5915_TAIL: [u8; 12] = [0xA0, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];

pub(in crate::signing) struct PrivateKey(EcdsaKeyPair);

/// A key from 32 random bytes. The one in 2³² that is no scalar of the curve is refused, not repaired.
pub(super) fn generate(scalar: &Zeroizing<[u8; 32]>) -> Result<NewKey, Refused> {
    let der = Zeroizing::new([&RFC_5915_HEAD[..], &**scalar, &RFC_5915_TAIL].concat());
    let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, &der);
    let key = PrivateKey(pair.map_err(|_| Refused)?);
    let pkcs8 = key.0.to_pkcs8v1().map_err(|_| Refused)?;
    Ok(NewKey { pkcs8: Zeroizing::new(pkcs8.as_ref().to_vec()), public: key.public()? })
}

impl PrivateKey {
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, Refused> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(Self).map_err(|_| Refused)
    }

    pub(super) fn public(&self) -> Result<PublicJwk, Refused> {
        // SEC 1 §2.3.3: 4, then both coordinates.
        let [4, point @ ..] = self.0.public_key().as_ref() else { return Err(Refused) };
        let (x, y) = point.split_at_checked(Curve::P256.coordinate_bytes()).ok_or(Refused)?;
        Ok(PublicJwk::Ec { curve: Curve::P256, x: x.to_vec(), y: y.to_vec() })
    }

    pub(super) fn sign(&self, message: &[u8], room: &mut [u8]) -> Result<(), Refused> {
        fill_from(room, &self.0.sign(&SystemRandom::new(), message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_scalar_is_refused() {
        assert!(generate(&Zeroizing::new([0xFF; 32])).is_err());
        assert!(generate(&Zeroizing::new([0; 32])).is_err());
        assert!(generate(&Zeroizing::new([0x11; 32])).is_ok());
    }
}
