//! A public key as JSON (RFC 7517; RFC 7518 §6; RFC 8037 §2) and its thumbprint (RFC 7638).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::protocol::ids::KeyId;

/// The curves of an `EC` key that anything here can verify with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
}

/// A public key: its required members and nothing else. Symmetric keys (`oct`) have no place here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicJwk {
    /// A point on a NIST curve; both coordinates have the curve's full length.
    Ec {
        /// Which curve.
        curve: Curve,
        /// Horizontal coordinate, big-endian.
        x: Vec<u8>,
        /// Vertical coordinate, big-endian.
        y: Vec<u8>,
    },
    /// An Ed25519 key.
    Ed25519 {
        /// The compressed point.
        x: [u8; 32],
    },
    /// An RSA key.
    Rsa {
        /// Modulus, big-endian, without leading zeros.
        n: Vec<u8>,
        /// Public exponent, big-endian, without leading zeros.
        e: Vec<u8>,
    },
}

/// A JWK that is no public key of a kind known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a usable public key: {0}")]
pub struct BadJwk(&'static str);

impl Curve {
    /// The name in `crv` (RFC 7518 §6.2.1.1).
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    /// Length of one coordinate in bytes.
    pub const fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}

impl PublicJwk {
    /// Reads the members that make the key; `kid`, `use` and the like are left to the caller.
    ///
    /// # Errors
    /// An unknown `kty` or `crv`, a missing member, a member that is not canonical base64url or has a
    /// wrong length.
    pub fn read(jwk: &Value) -> Result<Self, BadJwk> {
        match text(jwk, "kty")? {
            "EC" => read_ec(jwk),
            "OKP" if text(jwk, "crv")? == "Ed25519" => {
                let x = bytes(jwk, "x")?.try_into().map_err(|_| BadJwk("x is not 32 bytes"))?;
                Ok(Self::Ed25519 { x })
            }
            "OKP" => Err(BadJwk("crv")),
            "RSA" => Ok(Self::Rsa { n: positive(jwk, "n")?, e: positive(jwk, "e")? }),
            _ => Err(BadJwk("kty")),
        }
    }

    /// The required members, as `serde_json` has them.
    pub fn to_value(&self) -> Value {
        let members = self.members().into_iter();
        Value::Object(members.map(|(name, value)| (name.to_owned(), Value::String(value))).collect())
    }

    /// SHA-256 over the required members in lexicographic order (RFC 7638 §3).
    pub fn thumbprint(&self) -> KeyId {
        let members: Vec<String> =
            self.members().iter().map(|(name, value)| format!(r#""{name}":"{value}""#)).collect();
        let canonical = format!("{{{}}}", members.join(","));
        KeyId::from(URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.as_bytes())))
    }

    /// Names in lexicographic order; no value needs escaping in JSON.
    fn members(&self) -> Vec<(&'static str, String)> {
        let word = str::to_owned;
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ec { curve, x, y } => {
                vec![("crv", word(curve.name())), ("kty", word("EC")), ("x", number(x)), ("y", number(y))]
            }
            Self::Ed25519 { x } => vec![("crv", word("Ed25519")), ("kty", word("OKP")), ("x", number(x))],
            Self::Rsa { n, e } => vec![("e", number(e)), ("kty", word("RSA")), ("n", number(n))],
        }
    }
}

fn read_ec(jwk: &Value) -> Result<PublicJwk, BadJwk> {
    let curve = match text(jwk, "crv")? {
        "P-256" => Curve::P256,
        "P-384" => Curve::P384,
        _ => return Err(BadJwk("crv")),
    };
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    if x.len() != curve.coordinate_bytes() || y.len() != curve.coordinate_bytes() {
        return Err(BadJwk("a coordinate has not the curve's length"));
    }
    Ok(PublicJwk::Ec { curve, x, y })
}

fn positive(jwk: &Value, name: &'static str) -> Result<Vec<u8>, BadJwk> {
    let number = bytes(jwk, name)?;
    if number.first().is_none_or(|first| *first == 0) {
        return Err(BadJwk("a number that is empty or starts with zero"));
    }
    Ok(number)
}

fn bytes(jwk: &Value, name: &'static str) -> Result<Vec<u8>, BadJwk> {
    URL_SAFE_NO_PAD.decode(text(jwk, name)?).map_err(|_| BadJwk(name))
}

fn text<'a>(jwk: &'a Value, name: &'static str) -> Result<&'a str, BadJwk> {
    jwk.get(name).and_then(Value::as_str).ok_or(BadJwk(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 7638 §3.1.
    const RSA_N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP\
        ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8K\
        JZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0\
        Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

    #[test]
    fn the_rsa_thumbprint_of_rfc_7638() {
        let jwk = json!({ "kty": "RSA", "n": RSA_N, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
        let key = PublicJwk::read(&jwk).unwrap();
        assert_eq!(key.thumbprint().as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!(key.to_value(), json!({ "kty": "RSA", "n": RSA_N, "e": "AQAB" }));
    }

    #[test]
    fn the_ed25519_thumbprint_of_rfc_8037() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let key = PublicJwk::read(&json!({ "kty": "OKP", "crv": "Ed25519", "x": x })).unwrap();
        assert_eq!(key.thumbprint().as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        let zeros = URL_SAFE_NO_PAD.encode([0_u8; 32]);
        for jwk in [
            json!({ "kty": "oct", "k": "c2VjcmV0" }),
            json!({ "kty": "OKP", "crv": "X25519", "x": zeros }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAA" }),
            json!({ "kty": "EC", "crv": "P-384", "x": zeros, "y": zeros }),
            json!({ "kty": "EC", "crv": "secp256k1", "x": zeros, "y": zeros }),
            json!({ "kty": "RSA", "n": "AAEC", "e": "AQAB" }),
            json!({ "kty": "RSA", "n": RSA_N }),
            json!({ "kty": "RSA", "n": RSA_N, "e": "AQAB=" }),
            json!("RSA"),
        ] {
            assert!(PublicJwk::read(&jwk).is_err(), "{jwk}");
        }
    }
}
