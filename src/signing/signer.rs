//! Claims in, signed JWT out, in the caller's own task: one allocation and one signature.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::model::signing_key::Algorithm;
use crate::protocol::base64url::BASE64URL;
use crate::protocol::ids::KeyId;
use crate::signing::algorithms::{PrivateKey, Refused, SIGNATURE_MAX};
use crate::signing::key_error::KeyError;

/// What kind of token is signed; it decides the header's `typ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// An access token, `at+jwt` (RFC 9068 §2.1).
    AccessToken,
    /// An ID token, `JWT`.
    IdToken,
    /// A back-channel logout token, `logout+jwt`.
    LogoutToken,
}

/// One key that signs, with its headers already encoded.
pub struct Signer {
    kid: KeyId,
    algorithm: Algorithm,
    /// `base64url(header) + "."` per token type, in the order of [`TokenType::ALL`].
    headers: [String; TokenType::ALL.len()],
    key: PrivateKey,
}

impl TokenType {
    /// Every token type, in declaration order.
    pub const ALL: [Self; 3] = [Self::AccessToken, Self::IdToken, Self::LogoutToken];

    /// The header's `typ`.
    pub const fn typ(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::IdToken => "JWT",
            Self::LogoutToken => "logout+jwt",
        }
    }
}

impl Signer {
    pub(super) fn new(kid: KeyId, algorithm: Algorithm, key: PrivateKey) -> Self {
        // A kid is a thumbprint in base64url: nothing in it needs escaping.
        let header = |token: TokenType| {
            let (alg, typ) = (algorithm.name(), token.typ());
            let json = format!(r#"{{"alg":"{alg}","typ":"{typ}","kid":"{kid}"}}"#);
            URL_SAFE_NO_PAD.encode(json) + "."
        };
        let headers = TokenType::ALL.map(header);
        Self { kid, algorithm, headers, key }
    }

    /// The key's name in the JWKS.
    pub fn kid(&self) -> &KeyId {
        &self.kid
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Signs `claims_json`, which must be one JSON object.
    ///
    /// # Errors
    /// The library refused to sign.
    pub fn sign(&self, typ: TokenType, claims_json: &[u8]) -> Result<String, KeyError> {
        let mut token = Vec::new();
        self.sign_onto(typ, claims_json, &mut token)?;
        String::from_utf8(token).map_err(|_| KeyError::Signature)
    }

    /// As [`Signer::sign`], behind what `out` holds already.
    ///
    /// # Errors
    /// The library refused to sign; what stands behind it then is worth nothing.
    pub fn sign_onto(&self, typ: TokenType, claims_json: &[u8], out: &mut Vec<u8>) -> Result<(), KeyError> {
        let header = self.headers[typ as usize].as_bytes();
        let digits = |bytes| base64::encoded_len(bytes, false).ok_or(KeyError::Signature);
        let start = out.len();
        let claims = start + header.len();
        let signed = claims + digits(claims_json.len())?;
        let end = signed + 1 + digits(self.key.signature_bytes())?;
        out.reserve_exact(end - start);
        out.extend_from_slice(header);
        out.resize(signed, b'.');
        encode(claims_json, &mut out[claims..])?;
        let mut room = [0; SIGNATURE_MAX];
        let signature = self.key.sign(&out[start..], &mut room).map_err(|Refused| KeyError::Signature)?;
        out.resize(end, b'.');
        encode(signature, &mut out[signed + 1..])
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

fn encode(bytes: &[u8], room: &mut [u8]) -> Result<(), KeyError> {
    BASE64URL.encode_slice(bytes, room).map(drop).map_err(|_| KeyError::Signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Entropy;
    use crate::protocol::jwt::Compact;
    use crate::signing::algorithms::NewKey;

    fn signer(algorithm: Algorithm) -> Signer {
        let made = NewKey::generate(algorithm, &Entropy::seeded(5)).unwrap();
        let key = PrivateKey::from_pkcs8(algorithm, &made.pkcs8).unwrap();
        Signer::new(made.public.thumbprint(), algorithm, key)
    }

    #[test]
    fn the_header_names_algorithm_type_and_key() {
        for algorithm in Algorithm::ALL {
            let signer = signer(algorithm);
            for typ in TokenType::ALL {
                let token = signer.sign(typ, br#"{"sub":"me"}"#).unwrap();
                let jwt = Compact::read(&token).unwrap();
                assert_eq!(jwt.header.alg, signer.algorithm().name());
                assert_eq!(jwt.header.typ.as_deref(), Some(typ.typ()));
                assert_eq!(jwt.header.kid.as_deref(), Some(signer.kid().as_str()));
                assert_eq!(jwt.claims, br#"{"sub":"me"}"#);
            }
        }
    }

    #[test]
    fn the_token_fills_exactly_the_one_buffer_made_for_it() {
        for algorithm in Algorithm::ALL {
            for length in [2, 3, 4, 500] {
                let token = signer(algorithm).sign(TokenType::IdToken, &vec![b' '; length]).unwrap();
                assert_eq!(token.capacity(), token.len());
            }
        }
    }

    #[test]
    fn ed25519_tokens_repeat_byte_for_byte() {
        let sign = || signer(Algorithm::EdDsa).sign(TokenType::AccessToken, b"{}").unwrap();
        assert_eq!(sign(), sign());
        assert!(!format!("{:?}", signer(Algorithm::EdDsa)).contains("key:"));
    }
}
