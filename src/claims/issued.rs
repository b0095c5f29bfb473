//! Signed strings, and the answer of the token endpoint that carries them (RFC 6749 §5.1).

use crate::claims::facts::Facts;
use crate::claims::rows::{self, Carrier};
use crate::protocol::oauth_error::OAuthError;
use crate::signing::keyset::{KeyError, KeySet, Signer, TokenType};

/// What a grant gives.
#[derive(Debug)]
pub struct Issued {
    json: Vec<u8>,
}

/// Room for an answer with one JWT of ordinary length, and with two and a refresh token; a longer one makes its own.
const ORDINARY_BYTES: [usize; 2] = [1_024, 2_560];

impl Issued {
    /// Signs what `facts` say with `keys`; `refresh_token` goes along as it is; `asked_scope` tells
    /// whether a scope was asked for. Every string but `scope` is base64url
    /// or dots; `scope` holds no character that JSON escapes (RFC 6749 §3.3), so nothing here needs escaping.
    ///
    /// # Errors
    /// `server_error` when a key that was there a moment ago is not.
    pub fn sign(
        facts: &Facts,
        keys: &KeySet,
        refresh_token: Option<&str>,
        asked_scope: bool,
    ) -> Result<Self, OAuthError> {
        let mut json = Vec::with_capacity(ORDINARY_BYTES[usize::from(facts.wants_id_token())]);
        json.extend_from_slice(b"{\"access_token\":\"");
        sign_onto(facts, keys, Carrier::AccessToken, &mut json)?;
        if facts.wants_id_token() {
            json.extend_from_slice(b"\",\"id_token\":\"");
            sign_onto(facts, keys, Carrier::IdToken, &mut json)?;
        }
        let mut member = |name: &str, value: &str| {
            for part in ["\",\"", name, "\":\"", value] {
                json.extend_from_slice(part.as_bytes());
            }
        };
        if let Some(refresh_token) = refresh_token {
            member("refresh_token", refresh_token);
        }
        // Who asked for some and got none must hear of it (RFC 6749 §5.1).
        if asked_scope || !facts.scope.is_empty() {
            member("scope", facts.scope.as_str());
        }
        member("token_type", "Bearer");
        json.extend_from_slice(b"\",\"expires_in\":");
        json.extend_from_slice(facts.access_lifetime_secs().to_string().as_bytes());
        json.push(b'}');
        Ok(Self { json })
    }

    /// The body of the answer.
    pub fn into_json(self) -> Vec<u8> {
        self.json
    }
}

/// A signed token by itself.
pub(super) fn signed(facts: &Facts, keys: &KeySet, carrier: Carrier) -> Result<String, OAuthError> {
    let (signer, token_type) = signer(facts, keys, carrier)?;
    signer.sign(token_type, &rows::render(facts, carrier)).map_err(not_signed)
}

fn sign_onto(facts: &Facts, keys: &KeySet, carrier: Carrier, out: &mut Vec<u8>) -> Result<(), OAuthError> {
    let (signer, token_type) = signer(facts, keys, carrier)?;
    signer.sign_onto(token_type, &rows::render(facts, carrier), out).map_err(not_signed)
}

/// What signs what `carrier` is, and as what.
fn signer<'a>(
    facts: &Facts,
    keys: &'a KeySet,
    carrier: Carrier,
) -> Result<(&'a Signer, TokenType), OAuthError> {
    let (algorithm, token_type) = match carrier {
        Carrier::AccessToken => (facts.target.algorithm(), TokenType::AccessToken),
        Carrier::IdToken | Carrier::UserInfo => (facts.client.jwt_configuration.alg, TokenType::IdToken),
    };
    let signer = keys.signer(algorithm);
    let signer =
        signer.ok_or_else(|| OAuthError::server_error(format!("no active {} key", algorithm.name())))?;
    Ok((signer, token_type))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn not_signed(error: KeyError) -> OAuthError {
    OAuthError::server_error(error.to_string())
}
