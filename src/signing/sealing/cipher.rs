//! AES-256-GCM-SIV (RFC 8452): by aws-lc-rs when `fast-sealing` is on, else by `aes-gcm-siv` in Rust.
//!
//! The cipher is deterministic, so both make the same bytes; a property test below holds them to it.

#[cfg(any(test, not(feature = "fast-sealing")))]
use aes_gcm_siv::{Aes256GcmSiv, KeyInit as _, aead::AeadInOut as _};
#[cfg(any(test, feature = "fast-sealing"))]
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, UnboundKey};

pub(super) const KEY_BYTES: usize = 32;
pub(super) const NONCE_BYTES: usize = 12;
pub(super) const TAG_BYTES: usize = 16;

pub(super) type Nonce = [u8; NONCE_BYTES];
pub(super) type Tag = [u8; TAG_BYTES];

#[cfg(not(feature = "fast-sealing"))]
pub(super) type Cipher = RustCrypto;
#[cfg(feature = "fast-sealing")]
pub(super) type Cipher = AwsLc;

/// The library refused: a text that is too long or, when opening, one that was not sealed like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused;

/// The Rust implementation.
#[cfg(any(test, not(feature = "fast-sealing")))]
pub(super) struct RustCrypto(Aes256GcmSiv);

/// AWS-LC. Most texts are so short that preparing their keys is the greater part of the work, and it does that in less time.
#[cfg(any(test, feature = "fast-sealing"))]
pub(super) struct AwsLc(LessSafeKey);

#[cfg(any(test, not(feature = "fast-sealing")))]
impl RustCrypto {
    pub(super) fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(Aes256GcmSiv::new(key.into()))
    }

    /// Encrypts `body` where it is.
    pub(super) fn seal(&self, nonce: Nonce, context: &[u8], body: &mut [u8]) -> Result<Tag, Refused> {
        let tag = self.0.encrypt_inout_detached(&nonce.into(), context, body.into());
        tag.map(Into::into).map_err(|_| Refused)
    }

    /// Decrypts `body` where it is; when that is refused, what stands there is worth nothing.
    pub(super) fn open(
        &self,
        nonce: Nonce,
        context: &[u8],
        body: &mut [u8],
        tag: Tag,
    ) -> Result<(), Refused> {
        let opened = self.0.decrypt_inout_detached(&nonce.into(), context, body.into(), &tag.into());
        opened.map_err(|_| Refused)
    }
}

#[cfg(any(test, feature = "fast-sealing"))]
impl AwsLc {
    #[expect(clippy::expect_used, reason = "a key of the cipher's own length is refused only without memory")]
    pub(super) fn new(key: &[u8; KEY_BYTES]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM_SIV, key).expect("the key is as long as the cipher wants it");
        Self(LessSafeKey::new(key))
    }

    /// Encrypts `body` where it is.
    pub(super) fn seal(&self, nonce: Nonce, context: &[u8], body: &mut [u8]) -> Result<Tag, Refused> {
        let sealed = self.0.seal_in_place_separate_tag((&nonce).into(), Aad::from(context), body);
        sealed.ok().and_then(|tag| tag.as_ref().try_into().ok()).ok_or(Refused)
    }

    /// Decrypts `body` where it is; when that is refused, what stands there is worth nothing.
    pub(super) fn open(
        &self,
        nonce: Nonce,
        context: &[u8],
        body: &mut [u8],
        tag: Tag,
    ) -> Result<(), Refused> {
        let opened = self.0.open_in_place_separate_tag((&nonce).into(), Aad::from(context), &tag, body);
        opened.map(drop).map_err(|_| Refused)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        let digits = hex.as_bytes().chunks(2);
        let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
        bytes.collect::<Vec<_>>().try_into().unwrap()
    }

    /// RFC 8452 appendix C.2: 8 bytes, with one byte of associated data before them.
    #[test]
    fn the_tag_of_rfc_8452() {
        let (mut key, mut nonce) = ([0; KEY_BYTES], [0; NONCE_BYTES]);
        (key[0], nonce[0]) = (1, 3);
        let plain: [u8; 8] = bytes("0200000000000000");
        let sealed: [u8; 24] = bytes("1de22967237a813291213f267e3b452f02d01ae33e4ec854");
        let (mut one, mut other) = (plain, plain);
        let tags = [
            RustCrypto::new(&key).seal(nonce, &[1], &mut one).unwrap(),
            AwsLc::new(&key).seal(nonce, &[1], &mut other).unwrap(),
        ];
        for (body, tag) in [one, other].into_iter().zip(tags) {
            assert_eq!([&body[..], &tag].concat(), sealed);
        }
    }

    proptest! {
        #[test]
        fn both_implementations_make_and_refuse_the_same(
            key in any::<[u8; KEY_BYTES]>(),
            nonce in any::<Nonce>(),
            context in prop::collection::vec(any::<u8>(), 0..40),
            plain in prop::collection::vec(any::<u8>(), 0..600),
            spoilt in any::<prop::sample::Index>(),
        ) {
            let (rust, aws_lc) = (RustCrypto::new(&key), AwsLc::new(&key));
            let (mut one, mut other) = (plain.clone(), plain.clone());
            let tag = rust.seal(nonce, &context, &mut one).unwrap();
            prop_assert_eq!(tag, aws_lc.seal(nonce, &context, &mut other).unwrap());
            prop_assert_eq!(&one, &other);
            let mut wrong = tag;
            wrong[spoilt.index(TAG_BYTES)] ^= 1;
            prop_assert_eq!(rust.open(nonce, &context, &mut one.clone(), wrong), Err(Refused));
            prop_assert_eq!(aws_lc.open(nonce, &context, &mut one.clone(), wrong), Err(Refused));
            rust.open(nonce, &context, &mut one, tag).unwrap();
            aws_lc.open(nonce, &context, &mut other, tag).unwrap();
            prop_assert_eq!((&one, &other), (&plain, &plain));
        }
    }
}
