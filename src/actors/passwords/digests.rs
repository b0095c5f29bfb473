//! Digests by name, plain, keyed and stretched: only to verify hashes that were made elsewhere.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Digest as _;

use crate::model::custom_hash::Digest;

/// `$work` with the type `$hasher` of `$digest`; `None` for a digest that is not computed here.
macro_rules! with {
    ($digest:expr, $hasher:ident => $work:expr) => {
        match $digest {
            Digest::Md4 => with!(md4::Md4, $hasher, $work),
            Digest::Md5 => with!(md5::Md5, $hasher, $work),
            Digest::Sha1 => with!(sha1::Sha1, $hasher, $work),
            Digest::Sha224 => with!(sha2::Sha224, $hasher, $work),
            Digest::Sha256 => with!(sha2::Sha256, $hasher, $work),
            Digest::Sha384 => with!(sha2::Sha384, $hasher, $work),
            Digest::Sha512 => with!(sha2::Sha512, $hasher, $work),
            Digest::Ripemd160 | Digest::Whirlpool => None,
        }
    };
    ($kind:ty, $hasher:ident, $work:expr) => {{
        type $hasher = $kind;
        Some($work)
    }};
}

/// The bytes of a hash of `digest`; 0 for a digest that is not computed here.
pub(super) fn size(digest: Digest) -> usize {
    with!(digest, Hasher => Hasher::output_size()).unwrap_or_default()
}

/// The digest of `parts`, one after another.
pub(super) fn digest(digest: Digest, parts: &[&[u8]]) -> Option<Vec<u8>> {
    with!(digest, Hasher => {
        let hasher = parts.iter().fold(Hasher::new(), sha2::Digest::chain_update);
        hasher.finalize().to_vec()
    })
}

/// RFC 2104.
pub(super) fn hmac(digest: Digest, key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    with!(digest, Hasher => {
        let mut mac = Hmac::<Hasher>::new_from_slice(key).ok()?;
        mac.update(text);
        mac.finalize().into_bytes().to_vec()
    })
}

/// RFC 8018 §5.2, over a password and a salt.
pub(super) fn pbkdf2(
    digest: Digest,
    (password, salt): (&[u8], &[u8]),
    iterations: u32,
    bytes: usize,
) -> Option<Vec<u8>> {
    let mut output = vec![0; bytes];
    with!(digest, Hasher => {
        pbkdf2::pbkdf2::<Hmac<Hasher>>(password, salt, iterations, &mut output).ok()?;
    })?;
    Some(output)
}
