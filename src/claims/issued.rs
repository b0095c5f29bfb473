//! Signed strings, and the answer of the token endpoint that carries them (RFC 6749 §5.1).

use crate::claims::facts::Facts;
use crate::claims::rows::{self, Carrier};
use crate::protocol::oauth_error::OAuthError;
use crate::protocol::scope::Scope;
use crate::signing::keyset::{KeySet, TokenType};

/// What a grant gives.
#[derive(Debug)]
pub struct Issued {
    access_token: String,
    id_token: Option<String>,
    refresh_token: Option<String>,
    scope: Scope,
    expires_in_secs: u64,
}

impl Issued {
    /// Signs what `facts` say with `keys`; `refresh_token` goes along as it is.
    ///
    /// # Errors
    /// `server_error` when a key that was there a moment ago is not.
    pub fn sign(facts: &Facts, keys: &KeySet, refresh_token: Option<String>) -> Result<Self, OAuthError> {
        let access_token = signed(facts, keys, Carrier::AccessToken)?;
        let id_token = facts.wants_id_token().then(|| signed(facts, keys, Carrier::IdToken)).transpose()?;
        Ok(Self {
            access_token,
            id_token,
            refresh_token,
            scope: facts.scope.clone(),
            expires_in_secs: facts.access_lifetime_secs(),
        })
    }

    /// The body of the answer. Every string but `scope` is base64url or dots; `scope` holds no character that
    /// JSON escapes (RFC 6749 §3.3), so nothing here needs escaping.
    pub fn into_json(self) -> Vec<u8> {
        let id_length = self.id_token.as_ref().map_or(0, String::len);
        let refresh_length = self.refresh_token.as_ref().map_or(0, String::len);
        let mut out = Vec::with_capacity(
            self.access_token.len() + id_length + refresh_length + self.scope.as_str().len() + 160,
        );
        out.extend_from_slice(b"{\"access_token\":\"");
        out.extend_from_slice(self.access_token.as_bytes());
        let mut member = |name: &str, value: &str| {
            out.extend_from_slice(b"\",\"");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":\"");
            out.extend_from_slice(value.as_bytes());
        };
        if let Some(id_token) = &self.id_token {
            member("id_token", id_token);
        }
        if let Some(refresh_token) = &self.refresh_token {
            member("refresh_token", refresh_token);
        }
        if !self.scope.is_empty() {
            member("scope", self.scope.as_str());
        }
        member("token_type", "Bearer");
        out.extend_from_slice(b"\",\"expires_in\":");
        out.extend_from_slice(self.expires_in_secs.to_string().as_bytes());
        out.push(b'}');
        out
    }
}

pub(super) fn signed(facts: &Facts, keys: &KeySet, carrier: Carrier) -> Result<String, OAuthError> {
    let (algorithm, token_type) = match carrier {
        Carrier::AccessToken => (facts.target.algorithm(), TokenType::AccessToken),
        Carrier::IdToken | Carrier::UserInfo => (facts.client.jwt_configuration.alg, TokenType::IdToken),
    };
    let signer = keys.signer(algorithm);
    let signer =
        signer.ok_or_else(|| OAuthError::server_error(format!("no active {} key", algorithm.name())))?;
    signer
        .sign(token_type, &rows::render(facts, carrier))
        .map_err(|error| OAuthError::server_error(error.to_string()))
}
