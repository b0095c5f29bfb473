//! What logs call a request: the caller's own word for it, if it is a sane one, else ours.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::clock::{Entropy, EntropyError};

/// The header that carries it, both ways.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What logs call a request. Not secret, and not unique when callers give their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Origin);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// The caller's, 1 to 64 visible ASCII characters.
    Given(HeaderValue),
    /// Ours: a prefix of this process and a number.
    Made { process: u32, number: u64 },
}

/// Makes ids without asking the operating system each time.
#[derive(Debug)]
pub struct RequestIds {
    process: u32,
    next: AtomicU64,
}

impl RequestIds {
    /// Draws the prefix of this process.
    ///
    /// # Errors
    /// The operating system gave no randomness.
    pub fn new(entropy: &Entropy) -> Result<Self, EntropyError> {
        let process = u32::from_be_bytes(entropy.bytes::<4>()?);
        Ok(Self { process, next: AtomicU64::new(1) })
    }

    /// The id of a request with these headers.
    pub fn identify(&self, headers: &HeaderMap) -> RequestId {
        match headers.get(X_REQUEST_ID) {
            Some(given) if is_sane(given.as_bytes()) => RequestId(Origin::Given(given.clone())),
            _ => RequestId(Origin::Made { process: self.process, number: self.next.fetch_add(1, Relaxed) }),
        }
    }
}

impl RequestId {
    /// The id as a header value.
    pub fn to_header(&self) -> HeaderValue {
        match &self.0 {
            Origin::Given(value) => value.clone(),
            Origin::Made { process, number } => {
                let bytes = Bytes::copy_from_slice(&digits(*process, *number));
                HeaderValue::from_maybe_shared(bytes).unwrap_or(HeaderValue::from_static("unknown"))
            }
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Origin::Given(value) => out.write_str(value.to_str().unwrap_or("unknown")),
            Origin::Made { process, number } => {
                out.write_str(std::str::from_utf8(&digits(*process, *number)).unwrap_or("unknown"))
            }
        }
    }
}

fn is_sane(id: &[u8]) -> bool {
    (1..=64).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
}

/// `pppppppp-nnnnnnnnnnnn`; the number wraps after 2^48 requests.
fn digits(process: u32, number: u64) -> [u8; 21] {
    let mut text = [b'-'; 21];
    hex(&mut text[..8], u64::from(process));
    hex(&mut text[9..], number);
    text
}

fn hex(into: &mut [u8], mut number: u64) {
    for digit in into.iter_mut().rev() {
        *digit = b"0123456789abcdef"[usize::from(number.to_le_bytes()[0] & 15)];
        number >>= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identified(given: Option<&str>) -> String {
        let mut headers = HeaderMap::new();
        if let Some(given) = given {
            headers.insert(X_REQUEST_ID, given.parse().unwrap());
        }
        let id = RequestIds { process: 0x00ab_cdef, next: AtomicU64::new(0x1f) }.identify(&headers);
        assert_eq!(id.to_header().as_bytes(), id.to_string().as_bytes());
        id.to_string()
    }

    #[test]
    fn a_sane_id_of_the_caller_is_kept() {
        assert_eq!(identified(Some("req-42/a:b")), "req-42/a:b");
        assert_eq!(identified(Some(&"x".repeat(64))), "x".repeat(64));
    }

    #[test]
    fn any_other_is_replaced_by_ours() {
        for given in [None, Some(""), Some("a b"), Some("a\tb"), Some(&*"x".repeat(65))] {
            assert_eq!(identified(given), "00abcdef-00000000001f", "{given:?}");
        }
    }

    #[test]
    fn ours_differ_from_request_to_request_and_from_process_to_process() {
        let ids = RequestIds::new(&Entropy::seeded(1)).unwrap();
        let headers = HeaderMap::new();
        assert_ne!(ids.identify(&headers), ids.identify(&headers));
        let other = RequestIds::new(&Entropy::seeded(2)).unwrap();
        assert_ne!(ids.process, other.process);
    }
}
