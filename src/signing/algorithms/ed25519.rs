//! Ed25519 (RFC 8032): keys by ed25519-dalek; signatures by aws-lc-rs when `fast-ed25519` is on.
//!
//! Ed25519 is deterministic, so both make the same bytes; a property test below holds them to it.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use zeroize::Zeroizing;

use super::{NewKey, Refused};
use crate::protocol::jwk::PublicJwk;

#[cfg(not(feature = "fast-ed25519"))]
pub(in crate::signing) type PrivateKey = Dalek;
#[cfg(feature = "fast-ed25519")]
pub(in crate::signing) type PrivateKey = AwsLc;

/// Signs with ed25519-dalek.
#[cfg(any(test, not(feature = "fast-ed25519")))]
pub(in crate::signing) struct Dalek(SigningKey);

/// Signs with aws-lc-rs, in about half the time.
#[cfg(any(test, feature = "fast-ed25519"))]
pub(in crate::signing) struct AwsLc(aws_lc_rs::signature::Ed25519KeyPair);

pub(super) fn generate(seed: &Zeroizing<[u8; 32]>) -> Result<NewKey, Refused> {
    let key = SigningKey::from_bytes(seed);
    let pkcs8 = key.to_pkcs8_der().map_err(|_| Refused)?.to_bytes();
    Ok(NewKey { pkcs8, public: PublicJwk::Ed25519 { x: key.verifying_key().to_bytes() } })
}

#[cfg(any(test, not(feature = "fast-ed25519")))]
impl Dalek {
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, Refused> {
        use ed25519_dalek::pkcs8::DecodePrivateKey as _;
        SigningKey::from_pkcs8_der(der).map(Self).map_err(|_| Refused)
    }

    #[expect(clippy::unnecessary_wraps, reason = "the signature that the other implementation needs")]
    pub(super) fn public(&self) -> Result<PublicJwk, Refused> {
        Ok(PublicJwk::Ed25519 { x: self.0.verifying_key().to_bytes() })
    }

    pub(super) fn sign(&self, message: &[u8], room: &mut [u8]) -> Result<(), Refused> {
        use ed25519_dalek::Signer as _;
        super::fill(room, &self.0.try_sign(message).map_err(|_| Refused)?.to_bytes())
    }
}

#[cfg(any(test, feature = "fast-ed25519"))]
impl AwsLc {
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, Refused> {
        aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8(der).map(Self).map_err(|_| Refused)
    }

    pub(super) fn public(&self) -> Result<PublicJwk, Refused> {
        use aws_lc_rs::signature::KeyPair as _;
        let x = self.0.public_key().as_ref().try_into().map_err(|_| Refused)?;
        Ok(PublicJwk::Ed25519 { x })
    }

    pub(super) fn sign(&self, message: &[u8], room: &mut [u8]) -> Result<(), Refused> {
        super::fill_from(room, &self.0.try_sign(message))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    fn both(seed: [u8; 32]) -> (Dalek, AwsLc) {
        let der = generate(&Zeroizing::new(seed)).unwrap().pkcs8;
        (Dalek::from_pkcs8(&der).unwrap(), AwsLc::from_pkcs8(&der).unwrap())
    }

    /// RFC 8037 appendix A.1 and A.4.
    #[test]
    fn the_signature_of_rfc_8037() {
        let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let expected =
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let (dalek, aws_lc) = both(seed.try_into().unwrap());
        let (mut one, mut other) = ([0; 64], [0; 64]);
        dalek.sign(message, &mut one).unwrap();
        aws_lc.sign(message, &mut other).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(one), expected);
        assert_eq!(URL_SAFE_NO_PAD.encode(other), expected);
    }

    proptest! {
        #[test]
        fn both_implementations_sign_alike(
            seed in any::<[u8; 32]>(),
            message in prop::collection::vec(any::<u8>(), 0..700),
        ) {
            let (dalek, aws_lc) = both(seed);
            prop_assert_eq!(dalek.public().unwrap(), aws_lc.public().unwrap());
            let (mut one, mut other) = ([0; 64], [0; 64]);
            dalek.sign(&message, &mut one).unwrap();
            aws_lc.sign(&message, &mut other).unwrap();
            prop_assert_eq!(one, other);
        }
    }
}
