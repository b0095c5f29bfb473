//! One private key of one algorithm, behind one type; the vendors stay in the files below.

mod ed25519;
mod es256;
mod rs256;
pub(super) mod verifier;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::Signature;
use zeroize::Zeroizing;

use crate::clock::Entropy;
use crate::model::signing_key::Algorithm;
use crate::protocol::jwk::PublicJwk;
use crate::signing::key_error::KeyError;

/// Room for the longest signature: RSA with 2048 bits.
pub(super) const SIGNATURE_MAX: usize = 256;

/// A private key ready to sign.
pub(super) enum PrivateKey {
    EdDsa(ed25519::PrivateKey),
    Es256(es256::PrivateKey),
    Rs256(rs256::PrivateKey),
}

/// A private key on its way to the store.
pub(super) struct NewKey {
    pub(super) pkcs8: Zeroizing<Vec<u8>>,
    pub(super) public: PublicJwk,
}

/// A library refused a key or a signature. It gives no reason, and none would be safe to print.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused;

impl NewKey {
    pub(super) fn generate(algorithm: Algorithm, entropy: &Entropy) -> Result<Self, KeyError> {
        let refused = |Refused| KeyError::Generation(algorithm.name());
        match algorithm {
            Algorithm::EdDsa => ed25519::generate(&Zeroizing::new(entropy.bytes()?)).map_err(refused),
            Algorithm::Es256 => es256::generate(&Zeroizing::new(entropy.bytes()?)).map_err(refused),
            Algorithm::Rs256 => rs256::generate().map_err(refused),
        }
    }
}

impl PrivateKey {
    pub(super) fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, Refused> {
        match algorithm {
            Algorithm::EdDsa => ed25519::PrivateKey::from_pkcs8(der).map(Self::EdDsa),
            Algorithm::Es256 => es256::PrivateKey::from_pkcs8(der).map(Self::Es256),
            Algorithm::Rs256 => rs256::PrivateKey::from_pkcs8(der).map(Self::Rs256),
        }
    }

    pub(super) fn public(&self) -> Result<PublicJwk, Refused> {
        match self {
            Self::EdDsa(key) => key.public(),
            Self::Es256(key) => key.public(),
            Self::Rs256(key) => Ok(key.public()),
        }
    }

    pub(super) fn signature_bytes(&self) -> usize {
        match self {
            Self::EdDsa(_) | Self::Es256(_) => 64,
            Self::Rs256(key) => key.signature_bytes(),
        }
    }

    /// Signs into `room` and returns the part of it that is the signature.
    pub(super) fn sign<'r>(
        &self,
        message: &[u8],
        room: &'r mut [u8; SIGNATURE_MAX],
    ) -> Result<&'r [u8], Refused> {
        let signature = room.get_mut(..self.signature_bytes()).ok_or(Refused)?;
        match self {
            Self::EdDsa(key) => key.sign(message, signature)?,
            Self::Es256(key) => key.sign(message, signature)?,
            Self::Rs256(key) => key.sign(message, signature)?,
        }
        Ok(signature)
    }
}

/// Copies a signature of exactly the expected length.
fn fill(room: &mut [u8], signature: &[u8]) -> Result<(), Refused> {
    if room.len() != signature.len() {
        return Err(Refused);
    }
    room.copy_from_slice(signature);
    Ok(())
}

/// As [`fill`], from where the library left the signature: its type is 4.6 KiB, and each change of the result's moves it.
fn fill_from(room: &mut [u8], signed: &Result<Signature, Unspecified>) -> Result<(), Refused> {
    match signed {
        Ok(signature) => fill(room, signature.as_ref()),
        Err(Unspecified) => Err(Refused),
    }
}

#[cfg(test)]
mod tests {
    use super::verifier::Verifier;
    use super::*;

    #[test]
    fn every_algorithm_makes_keys_that_load_and_sign() {
        for algorithm in Algorithm::ALL {
            let made = NewKey::generate(algorithm, &Entropy::seeded(3)).unwrap();
            let key = PrivateKey::from_pkcs8(algorithm, &made.pkcs8).unwrap();
            assert_eq!(key.public().unwrap(), made.public);
            let mut room = [0; SIGNATURE_MAX];
            let signature = key.sign(b"message", &mut room).unwrap();
            let verifier = Verifier::new(algorithm.into(), &made.public).unwrap();
            assert!(verifier.verify(b"message", signature), "{algorithm:?}");
            assert!(!verifier.verify(b"massage", signature), "{algorithm:?}");
        }
    }

    #[test]
    fn a_key_of_another_kind_does_not_load() {
        let made = NewKey::generate(Algorithm::EdDsa, &Entropy::seeded(3)).unwrap();
        assert!(PrivateKey::from_pkcs8(Algorithm::Es256, &made.pkcs8).is_err());
        assert!(PrivateKey::from_pkcs8(Algorithm::Rs256, &made.pkcs8).is_err());
        assert!(PrivateKey::from_pkcs8(Algorithm::EdDsa, b"").is_err());
    }

    #[test]
    fn dice_decide_the_key() {
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
            let public = |seed| NewKey::generate(algorithm, &Entropy::seeded(seed)).unwrap().public;
            assert_eq!(public(1), public(1));
            assert_ne!(public(1), public(2));
        }
    }
}
