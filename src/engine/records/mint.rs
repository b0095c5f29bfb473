//! New ids in Auth0's forms, and the forms in which given ids are accepted.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::clock::{Entropy, EntropyError};
use crate::engine::records::secrets::Secret;

/// `prefix` and `length` random characters of the base-62 alphabet.
///
/// # Errors
/// There is no randomness.
pub fn base62(entropy: &Entropy, prefix: &str, length: usize) -> Result<String, EntropyError> {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = String::with_capacity(prefix.len() + length);
    text.push_str(prefix);
    while text.len() < prefix.len() + length {
        // 248 is the greatest multiple of 62 in a byte: what lies above would favour some characters.
        let fair = entropy.bytes::<32>()?.into_iter().filter(|byte| *byte < 248);
        let missing = prefix.len() + length - text.len();
        text.extend(fair.take(missing).map(|byte| char::from(ALPHABET[usize::from(byte % 62)])));
    }
    Ok(text)
}

/// `prefix` and 24 random hexadecimal digits.
///
/// # Errors
/// There is no randomness.
pub fn hex24(entropy: &Entropy, prefix: &str) -> Result<String, EntropyError> {
    Ok(entropy.bytes::<12>()?.iter().fold(prefix.to_owned(), |mut text, byte| {
        // Writing to a String has no way to fail.
        let _written = write!(text, "{byte:02x}");
        text
    }))
}

/// A client secret: 256 random bits, 43 characters of base64url.
///
/// # Errors
/// There is no randomness.
pub fn client_secret(entropy: &Entropy) -> Result<Secret, EntropyError> {
    Ok(Secret::from(URL_SAFE_NO_PAD.encode(entropy.bytes::<32>()?)))
}

/// Whether `id` is `prefix` and 1 to 64 letters, digits, `_` or `-`.
pub fn is_prefixed(id: &str, prefix: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    id.strip_prefix(prefix).is_some_and(|rest| (1..=64).contains(&rest.len()) && rest.bytes().all(word))
}

/// Whether `id` may be a client's: no `|`, which parts a grant's key, and no `@`, which marks `…@clients`.
pub fn is_client_id(id: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (1..=128).contains(&id.len()) && id.bytes().all(legal)
}

/// Whether `id` may be a user's: visible ASCII, and never the `sub` of a client's own token.
pub fn is_user_id(id: &str) -> bool {
    (1..=255).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_graphic())
        && !id.ends_with("@clients")
}

/// Whether `id` may be a tenant's: a DNS label in lower case (RFC 1123 §2.1).
pub fn is_tenant_id(id: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&id.len()) && id.bytes().all(legal) && !id.starts_with('-') && !id.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_form_and_differ() {
        let entropy = Entropy::seeded(1);
        let org = base62(&entropy, "org_", 16).unwrap();
        assert!(org.len() == 20 && is_prefixed(&org, "org_"), "{org}");
        assert_ne!(org, base62(&entropy, "org_", 16).unwrap());
        let user = hex24(&entropy, "auth0|").unwrap();
        assert!(user.len() == 30 && is_user_id(&user), "{user}");
        assert_eq!(client_secret(&entropy).unwrap().expose().len(), 43);
    }

    #[test]
    fn given_ids_are_held_to_a_form() {
        assert!(is_client_id("demo-m2m.v1") && !is_client_id("a|b") && !is_client_id("a@clients"));
        assert!(!is_client_id("") && !is_client_id(&"x".repeat(129)));
        assert!(is_user_id("samlp|corp|a@b.c") && !is_user_id("x@clients") && !is_user_id("a b"));
        assert!(
            is_tenant_id("demo-1") && !is_tenant_id("@system") && !is_tenant_id("-a") && !is_tenant_id("A")
        );
        assert!(
            !is_prefixed("org_", "org_") && !is_prefixed("rol_1", "org_") && !is_prefixed("org_a/b", "org_")
        );
    }
}
