//! Signed request objects (RFC 9101): an authorization request as a JWT that the client signed with a key of its own.
//! Whatever stands beside it is not looked at, but for `client_id`.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::engine::Engine;
use crate::engine::access_tokens::Audiences;
use crate::engine::authorization::arrival::PARAMETERS;
use crate::model::client::Client;
use crate::protocol::form::Form;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::signing::foreign::{self, NumericDate};
use crate::tenancy::TenantView;

/// How far the client's clock may be ahead or behind, in seconds.
const SKEW_SECS: u64 = 60;

/// What a token of this kind calls itself (RFC 9101 §10.8); `JWT` and silence are those of OpenID Connect.
const TYPES: [&str; 2] = ["oauth-authz-req+jwt", "jwt"];

/// Parameters that name a request and cannot stand inside one (RFC 9101 §4).
const NESTED: [&str; 2] = ["request", "request_uri"];

#[derive(Deserialize)]
struct Registered {
    iss: String,
    aud: Audiences,
    exp: NumericDate,
    #[serde(default)]
    nbf: Option<NumericDate>,
    #[serde(default)]
    sub: Option<String>,
    client_id: String,
}

impl Engine {
    /// The parameters in `object`, which `client` must have signed for this tenant, and not too long ago.
    ///
    /// # Errors
    /// `invalid_request_object`, in one wording for everything that is wrong with it.
    pub(super) fn opened_object(
        &self,
        tenant: &TenantView,
        client: &Client,
        object: &str,
    ) -> Result<Form<'static>, OAuthError> {
        let jwks = client.jwks.as_ref().ok_or_else(|| refused("the client has no keys"))?;
        let verified =
            foreign::verify_with_jwks(jwks, object).map_err(|error| refused(&error.to_string()))?;
        if !verified.typ.as_deref().is_none_or(|typ| foreign::is_one_of(typ, &TYPES)) {
            return Err(refused("a JWT of another type"));
        }
        let registered =
            serde_json::from_slice(&verified.claims).map_err(|error| refused(&error.to_string()))?;
        check(&registered, client, &tenant.issuer, self.now().secs()).map_err(refused)?;
        parameters(&verified.claims)
    }
}

fn check(claims: &Registered, client: &Client, issuer: &str, now: u64) -> Result<(), &'static str> {
    let client = client.client_id.as_str();
    if claims.iss != client || claims.client_id != client {
        return Err("iss and client_id must be the client");
    }
    // RFC 9101 §10.8: an assertion with which a client authenticates names it as the subject.
    if claims.sub.as_deref() == Some(client) {
        return Err("sub must not be the client");
    }
    if !claims.aud.contains(issuer) && !claims.aud.contains(issuer.trim_end_matches('/')) {
        return Err("aud is not this issuer");
    }
    if claims.exp.secs().saturating_add(SKEW_SECS) <= now {
        return Err("expired");
    }
    if claims.nbf.is_some_and(|start| start.secs() > now + SKEW_SECS) {
        return Err("not valid yet");
    }
    Ok(())
}

/// The declared parameters among the claims; `claims` is an object there (OpenID Connect Core §6.1).
fn parameters(claims: &[u8]) -> Result<Form<'static>, OAuthError> {
    let members: Map<String, Value> =
        serde_json::from_slice(claims).map_err(|error| refused(&error.to_string()))?;
    let mut pairs = Vec::new();
    for (name, value) in members.into_iter().filter(|(name, _)| PARAMETERS.contains(&name.as_str())) {
        if NESTED.contains(&name.as_str()) {
            return Err(refused("a request inside a request"));
        }
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Object(_) if name == "claims" => value.to_string(),
            Value::Array(_) | Value::Object(_) => return Err(refused("a parameter that is no text")),
        };
        pairs.push((name, text));
    }
    Form::of_pairs(pairs)
}

fn refused(cause: &str) -> OAuthError {
    let description = "The request object is not one that this client may use here now";
    OAuthError::new(ErrorCode::InvalidRequestObject, Fault::Client, description).because(cause)
}
