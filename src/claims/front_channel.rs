//! Signed strings that come by way of the browser, bound to each other by hashes (OpenID Connect Core §3.2.2, §3.3.2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256, Sha512};

use crate::claims::facts::{Companions, Facts};
use crate::claims::issued::signed;
use crate::claims::rows::Carrier;
use crate::model::signing_key::Algorithm;
use crate::protocol::authorization::ResponseType;
use crate::protocol::oauth_error::OAuthError;
use crate::signing::keyset::KeySet;

/// What comes along with the tokens, and is bound to the ID token.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// What was asked for.
    pub response_type: ResponseType,
    /// The code, if one was asked for.
    pub code: Option<&'a str>,
    /// The `state` of the request.
    pub state: Option<&'a str>,
}

/// Signs the tokens of a response type; the parameters of the answer that carry them, in the order of RFC 6749
/// §4.2.2.
///
/// # Errors
/// `server_error` when a key that was there a moment ago is not.
pub fn parameters(
    mut facts: Facts,
    keys: &KeySet,
    beside: Beside<'_>,
) -> Result<Vec<(&'static str, String)>, OAuthError> {
    let mut parameters = Vec::with_capacity(5);
    let algorithm = facts.client.jwt_configuration.alg;
    let mut companions = Companions {
        access_token: None,
        code: beside.code.map(|code| half_of_hash(algorithm, code)),
        state: beside.state.map(|state| half_of_hash(algorithm, state)),
    };
    if beside.response_type.has(ResponseType::TOKEN) {
        let token = signed(&facts, keys, Carrier::AccessToken)?;
        companions.access_token = Some(half_of_hash(algorithm, &token));
        parameters.push(("access_token", token));
        parameters.push(("token_type", "Bearer".to_owned()));
        parameters.push(("expires_in", facts.access_lifetime_secs().to_string()));
        parameters.push(("scope", facts.scope.as_str().to_owned()));
    }
    if beside.response_type.has(ResponseType::ID_TOKEN) {
        facts.requested.get_or_insert_default().companions = companions;
        parameters.push(("id_token", signed(&facts, keys, Carrier::IdToken)?));
    }
    Ok(parameters)
}

/// The left half of the hash that belongs to the ID token's algorithm (OpenID Connect Core §3.1.3.6; for Ed25519 that
/// is SHA-512, RFC 8032 §5.1).
fn half_of_hash(algorithm: Algorithm, text: &str) -> String {
    match algorithm {
        Algorithm::EdDsa => URL_SAFE_NO_PAD.encode(&Sha512::digest(text)[..32]),
        Algorithm::Es256 | Algorithm::Rs256 => URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification() {
        // OpenID Connect Core appendix A.4 and A.3: the code and the access token of its examples.
        let code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
        assert_eq!(half_of_hash(Algorithm::Rs256, code), "LDktKdoQak3Pk0cnXxCltA");
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(half_of_hash(Algorithm::Rs256, token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(half_of_hash(Algorithm::EdDsa, token).len(), 43);
    }
}
