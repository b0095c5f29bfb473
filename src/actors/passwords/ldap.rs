//! Hashes as LDAP directories keep them: `{SSHA}` and base64 of hash and salt (RFC 2307 §5.3, RFC 3112).

use base64::Engine as _;

use super::{digests, foreign};
use crate::model::custom_hash::Digest;

/// Schemes, their digests, and whether a salt follows the hash.
const SCHEMES: [(&str, Digest, bool); 8] = [
    ("{MD5}", Digest::Md5, false),
    ("{SMD5}", Digest::Md5, true),
    ("{SHA}", Digest::Sha1, false),
    ("{SSHA}", Digest::Sha1, true),
    ("{SHA256}", Digest::Sha256, false),
    ("{SSHA256}", Digest::Sha256, true),
    ("{SHA512}", Digest::Sha512, false),
    ("{SSHA512}", Digest::Sha512, true),
];

/// The most bytes of a salt.
const SALT_MAX: usize = 256;

/// A hash taken apart; the salt stood behind the password.
pub(super) struct Read {
    pub(super) digest: Digest,
    pub(super) salt: Vec<u8>,
    pub(super) output: Vec<u8>,
}

/// Takes `text` apart; schemes are compared without case.
pub(super) fn read(text: &str) -> Option<Read> {
    let (scheme, rest) = text.split_at_checked(text.find('}')? + 1)?;
    let (_, digest, salted) = SCHEMES.into_iter().find(|(name, ..)| name.eq_ignore_ascii_case(scheme))?;
    let mut output = foreign::BASE64.decode(rest).ok()?;
    let size = digests::size(digest);
    if output.len() < size {
        return None;
    }
    let salt = output.split_off(size);
    let good = if salted { (1..=SALT_MAX).contains(&salt.len()) } else { salt.is_empty() };
    good.then_some(Read { digest, salt, output })
}
