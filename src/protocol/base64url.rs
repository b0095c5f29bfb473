//! Base64url without padding (RFC 7515 §2), for texts that are worth more than one byte at a time: tokens.

use std::sync::LazyLock;

use base64::engine::Simd;
use base64::engine::general_purpose::NO_PAD;

/// Sixteen and more bytes at a time where the processor can; what it writes and refuses is what
/// [`URL_SAFE_NO_PAD`](base64::engine::general_purpose::URL_SAFE_NO_PAD) writes and refuses.
pub static BASE64URL: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_writes_what_the_plain_engine_writes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(BASE64URL.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes));
        }

        #[test]
        fn it_reads_and_refuses_what_the_plain_engine_does(
            bytes in prop::collection::vec(any::<u8>(), 0..400), at: prop::sample::Index, byte in 0_u8..128, cut in 0_usize..3,
        ) {
            let mut text = URL_SAFE_NO_PAD.encode(&bytes).into_bytes();
            prop_assert_eq!(BASE64URL.decode(&text), Ok(bytes));
            if !text.is_empty() {
                let at = at.index(text.len());
                text[at] = byte;
            }
            text.truncate(text.len().saturating_sub(cut));
            prop_assert_eq!(BASE64URL.decode(&text), URL_SAFE_NO_PAD.decode(&text));
        }
    }
}
