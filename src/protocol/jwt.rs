//! A signed JWT in compact form (RFC 7515 §3.1, RFC 7519), taken apart strictly; nothing is verified here.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};

use crate::protocol::base64url::BASE64URL;

/// Longest token that is looked at, in bytes.
pub const TOKEN_MAX: usize = 16 * 1024;

/// Signature algorithms that verify here (RFC 7518 §3.1, RFC 8037 §3.1). There is no `none` and no HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwsAlgorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// ECDSA with P-384 and SHA-384.
    Es384,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

/// The three parts of a token, decoded; `claims` is not yet known to be JSON.
pub struct Compact<'a> {
    /// The JOSE header.
    pub header: Header,
    /// What the signature covers: header and payload as they travelled.
    pub signed: &'a [u8],
    /// The payload.
    pub claims: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// The header parameters that matter here (RFC 7515 §4.1); `crit` is refused, since nothing critical is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `alg`, as it was written.
    pub alg: String,
    /// `kid`.
    pub kid: Option<String>,
    /// `typ`.
    pub typ: Option<String>,
}

/// The text is no signed JWT, or not a canonical one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed signed JWT")]
pub struct Malformed;

impl JwsAlgorithm {
    /// Every algorithm, by name.
    pub const ALL: [Self; 5] = [Self::EdDsa, Self::Es256, Self::Es384, Self::Ps256, Self::Rs256];

    /// The algorithm called `name`, letter for letter.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }
}

impl<'a> Compact<'a> {
    /// Takes `token` apart.
    ///
    /// # Errors
    /// Not exactly three parts, longer than [`TOKEN_MAX`], not canonical base64url, or a header that is
    /// no JSON object, repeats a member, lacks `alg` or has `crit`.
    pub fn read(token: &'a str) -> Result<Self, Malformed> {
        if token.len() > TOKEN_MAX {
            return Err(Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Malformed)?;
        let header = serde_json::from_slice(&decoded(header)?).map_err(|_| Malformed)?;
        // A fourth part would leave a dot in the claims, which is no base64url.
        let (claims, signature) = (decoded(claims)?, decoded(signature)?);
        Ok(Self { header, signed: signed.as_bytes(), claims, signature })
    }
}

/// Whether `json` is one JSON object in which no member appears twice (RFC 7519 §4).
pub fn is_strict_object(json: &[u8]) -> bool {
    serde_json::from_slice::<UniqueMembers>(json).is_ok()
}

fn decoded(part: &str) -> Result<Vec<u8>, Malformed> {
    BASE64URL.decode(part).map_err(|_| Malformed)
}

struct UniqueMembers;

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = UniqueMembers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<UniqueMembers, M::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
            if !names.insert(name) {
                return Err(M::Error::custom("a member appears twice"));
            }
        }
        Ok(UniqueMembers)
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Header, M::Error> {
        let (mut alg, mut kid, mut typ) = (None, None, None);
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "alg" => alg = Some(map.next_value::<String>()?),
                "crit" => return Err(M::Error::custom("crit is not understood")),
                "kid" => kid = Some(map.next_value::<String>()?),
                "typ" => typ = Some(map.next_value::<String>()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            if !names.insert(name) {
                return Err(M::Error::custom("a member appears twice"));
            }
        }
        Ok(Header { alg: alg.ok_or_else(|| M::Error::missing_field("alg"))?, kid, typ })
    }
}

impl fmt::Debug for Compact<'_> {
    /// A token is a credential: only its header may be printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compact").field("header", &self.header).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn token(header: &str) -> String {
        format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn three_canonical_parts_are_read() {
        let text = token(r#"{"alg":"ES256","typ":"JWT","kid":"k","jku":"https://elsewhere"}"#);
        let jwt = Compact::read(&text).unwrap();
        let header = Header { alg: "ES256".into(), kid: Some("k".into()), typ: Some("JWT".into()) };
        assert_eq!(jwt.header, header);
        assert_eq!((jwt.claims.as_slice(), jwt.signature.as_slice()), (&b"{}"[..], &b"sig"[..]));
        assert_eq!(jwt.signed, text.strip_suffix(".c2ln").unwrap().as_bytes());
        assert!(!format!("{jwt:?}").contains("claims"));
    }

    #[test]
    fn every_other_shape_is_refused() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#);
        for text in [
            String::new(),
            header.clone(),
            format!("{header}.e30"),
            format!("{header}.e30.c2ln.e30"),
            format!("{header}.e30.c2ln="),
            format!("{header}.e31.c2ln"),
            format!("{header}.e30.c2l\n"),
            format!("{header}.e30.{}", "A".repeat(TOKEN_MAX)),
            token("[]"),
            token("{}"),
            token(r#"{"alg":7}"#),
            token(r#"{"alg":"ES256","alg":"none"}"#),
            token(r#"{"alg":"ES256","x":1,"x":2}"#),
            token(r#"{"alg":"ES256","crit":["exp"]}"#),
            token(r#"{"alg":"ES256"}{}"#),
        ] {
            assert_eq!(Compact::read(&text).err(), Some(Malformed), "{text}");
        }
    }

    #[test]
    fn only_asymmetric_algorithms_have_a_name() {
        for algorithm in JwsAlgorithm::ALL {
            assert_eq!(JwsAlgorithm::from_name(algorithm.name()), Some(algorithm));
        }
        for name in ["none", "None", "HS256", "es256", "RS512", ""] {
            assert_eq!(JwsAlgorithm::from_name(name), None);
        }
    }

    #[test]
    fn an_object_is_strict_when_no_member_repeats() {
        assert!(is_strict_object(br#"{"iss":"a","sub":{"x":1,"x":2}}"#));
        assert!(!is_strict_object(br#"{"iss":"a","iss":"b"}"#));
        assert!(!is_strict_object(b"[]"));
        assert!(!is_strict_object(b"{} {}"));
    }
}
