//! What a request presents as client authentication: exactly one method (RFC 6749 §2.3).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::model::client::AuthMethod;
use crate::protocol::form::{self, Form};
use crate::protocol::oauth_error::OAuthError;
use crate::transport::exchange::Exchange;

/// The one value of `client_assertion_type` (RFC 7523 §2.2).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The proof that came along. Never printed: there is no `Debug`.
pub enum Proof<'a> {
    /// A signed assertion.
    Assertion(&'a str),
    /// Only a name.
    Nothing,
    /// A secret.
    Secret(Secret<'a>),
}

/// A secret, and where it came.
pub enum Secret<'a> {
    /// In the form.
    Form(&'a str),
    /// In the `Authorization` header.
    Header(Zeroizing<Vec<u8>>),
}

/// A client's name and its proof, as presented and not yet believed.
pub struct Presented<'a> {
    client_id: Cow<'a, str>,
    proof: Proof<'a>,
}

impl Secret<'_> {
    /// The secret itself.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Form(text) => text.as_bytes(),
            Self::Header(bytes) => bytes,
        }
    }
}

impl<'a> Presented<'a> {
    /// Reads the one method that the request uses.
    ///
    /// # Errors
    /// `invalid_request` when no client is named or more than one method is used; `invalid_client` for an
    /// `Authorization: Basic` header that does not read.
    pub fn of(exchange: &Exchange, form: &'a Form<'_>) -> Result<Self, OAuthError> {
        let basic = exchange.authorization("Basic");
        let (secret, assertion) = (form.value("client_secret"), form.value("client_assertion"));
        if [basic.is_some(), secret.is_some(), assertion.is_some()].iter().filter(|used| **used).count() > 1 {
            return Err(OAuthError::invalid_request("More than one client authentication method was used"));
        }
        let named = form.value("client_id");
        if let Some(credentials) = basic {
            return Self::basic(credentials, named);
        }
        if let Some(assertion) = assertion {
            return Self::assertion(assertion, form.value("client_assertion_type"), named);
        }
        let client_id = named.ok_or_else(no_client)?;
        let proof = secret.map_or(Proof::Nothing, |secret| Proof::Secret(Secret::Form(secret)));
        Ok(Self { client_id: Cow::Borrowed(client_id), proof })
    }

    /// Who it says it is.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The method it uses.
    pub fn method(&self) -> AuthMethod {
        match self.proof {
            Proof::Assertion(_) => AuthMethod::PrivateKeyJwt,
            Proof::Nothing => AuthMethod::None,
            Proof::Secret(Secret::Form(_)) => AuthMethod::ClientSecretPost,
            Proof::Secret(Secret::Header(_)) => AuthMethod::ClientSecretBasic,
        }
    }

    /// What it proves it with.
    pub fn proof(&self) -> &Proof<'a> {
        &self.proof
    }

    /// RFC 6749 §2.3.1: both halves are form-urlencoded before they are joined, so a secret may hold a colon.
    fn basic(credentials: &str, named: Option<&str>) -> Result<Self, OAuthError> {
        let refused = || OAuthError::invalid_client().because("unreadable Basic credentials");
        let plain = Zeroizing::new(STANDARD.decode(credentials).map_err(|_| refused())?);
        let colon = plain.iter().position(|byte| *byte == b':').ok_or_else(refused)?;
        let client_id = form::decoded(&plain[..colon]).map_err(|_| refused())?.into_owned();
        if named.is_some_and(|named| named != client_id) {
            return Err(OAuthError::invalid_request("client_id differs from the Authorization header"));
        }
        let secret = form::decoded(&plain[colon + 1..]).map_err(|_| refused())?;
        let secret = Zeroizing::new(secret.as_bytes().to_vec());
        Ok(Self { client_id: Cow::Owned(client_id), proof: Proof::Secret(Secret::Header(secret)) })
    }

    /// The issuer of the assertion is the client (RFC 7523 §3); believed only once its signature is checked.
    fn assertion(assertion: &'a str, kind: Option<&str>, named: Option<&str>) -> Result<Self, OAuthError> {
        if kind != Some(JWT_BEARER) {
            return Err(OAuthError::invalid_request("Unknown client_assertion_type"));
        }
        let issuer = unverified_issuer(assertion)
            .ok_or_else(|| OAuthError::invalid_client().because("unreadable client assertion"))?;
        if named.is_some_and(|named| named != issuer) {
            return Err(OAuthError::invalid_client().because("client_id differs from the assertion"));
        }
        Ok(Self { client_id: Cow::Owned(issuer), proof: Proof::Assertion(assertion) })
    }
}

fn unverified_issuer(assertion: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Issuer {
        iss: String,
    }
    let payload = assertion.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<Issuer>(&claims).ok().map(|claims| claims.iss)
}

fn no_client() -> OAuthError {
    OAuthError::invalid_request("Missing required parameter: client_id")
}
