//! `private_key_jwt`: an assertion signed by the client's own key, used once (RFC 7523 §3).

use serde::Deserialize;

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::model::client::Client;
use crate::protocol::oauth_error::OAuthError;
use crate::signing::foreign::{self, NumericDate};
use crate::store::spends::{Purpose, Spent, Thing};
use crate::transport::exchange::Exchange;

/// How far the client's clock may be ahead or behind, in seconds.
const SKEW_SECS: u64 = 60;

/// The longest life an assertion may give itself, in seconds; its `jti` is remembered that long.
const LIFETIME_MAX_SECS: u64 = 600;

/// What an assertion calls itself, if anything: what was made for something else may not authenticate (RFC 8725 §3.11).
const TYPES: [&str; 2] = ["jwt", "client-authentication+jwt"];

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audiences,
    exp: NumericDate,
    #[serde(default)]
    nbf: Option<NumericDate>,
    #[serde(default)]
    iat: Option<NumericDate>,
    jti: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Many(Vec<String>),
}

/// Checks signature, names, times, and that the assertion was not used before.
///
/// # Errors
/// `invalid_client` for whatever is wrong; `temporarily_unavailable` when the store cannot say whether it was
/// used before.
pub async fn check(
    engine: &Engine,
    exchange: &Exchange,
    client: &Client,
    assertion: &str,
) -> Result<(), OAuthError> {
    let refused = |cause: &str| OAuthError::invalid_client().because(cause);
    let jwks = client.jwks.as_ref().ok_or_else(|| refused("the client has no keys"))?;
    let verified = foreign::verify_with_jwks(jwks, assertion).map_err(|error| refused(&error.to_string()))?;
    if !verified.typ.as_deref().is_none_or(|typ| foreign::is_one_of(typ, &TYPES)) {
        return Err(refused("a JWT of another type"));
    }
    let claims: Claims =
        serde_json::from_slice(&verified.claims).map_err(|error| refused(&error.to_string()))?;
    let client_id = client.client_id.as_str();
    if claims.iss != client_id || claims.sub != client_id {
        return Err(refused("iss and sub must be the client"));
    }
    if !is_for_us(&claims.aud, &exchange.tenant().issuer) {
        return Err(refused("aud is not this issuer or its token endpoint"));
    }
    check_times(&claims, engine.now()).map_err(refused)?;
    if claims.jti.is_empty() || claims.jti.len() > 256 {
        return Err(refused("jti must have 1 to 256 characters"));
    }
    let name = format!("{client_id}\n{}", claims.jti);
    let thing = Thing {
        tenant: &client.tenant,
        purpose: Purpose::Assertion,
        name: name.as_bytes(),
        session: None,
        // Remembered longer than it is accepted: the store's clock may be ahead of ours.
        expires_at: UnixMs::from_secs(claims.exp.secs().saturating_add(2 * SKEW_SECS)),
    };
    match engine.store().spend(thing, b"").await? {
        Spent::First => Ok(()),
        Spent::Before(_) => Err(refused("the assertion was used before")),
    }
}

fn is_for_us(audiences: &Audiences, issuer: &str) -> bool {
    let ours = |aud: &str| {
        let rest = aud.strip_prefix(issuer.trim_end_matches('/'));
        matches!(rest, Some("" | "/" | "/oauth/token" | "/oauth/par"))
    };
    match audiences {
        Audiences::One(aud) => ours(aud),
        Audiences::Many(auds) => auds.iter().any(|aud| ours(aud)),
    }
}

fn check_times(claims: &Claims, now: UnixMs) -> Result<(), &'static str> {
    let (now, exp) = (now.secs(), claims.exp.secs());
    if exp.saturating_add(SKEW_SECS) <= now {
        return Err("the assertion has expired");
    }
    if exp > now + LIFETIME_MAX_SECS + SKEW_SECS {
        return Err("the assertion lives too long");
    }
    let starts = claims.nbf.into_iter().chain(claims.iat).map(NumericDate::secs).max().unwrap_or_default();
    if starts > now + SKEW_SECS {
        return Err("the assertion is not valid yet");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(exp: u64, nbf: Option<u64>) -> Claims {
        let aud = Audiences::One(String::new());
        Claims {
            iss: "c".into(),
            sub: "c".into(),
            aud,
            exp: exp.into(),
            nbf: nbf.map(NumericDate::from),
            iat: None,
            jti: "j".into(),
        }
    }

    #[test]
    fn clocks_may_differ_by_a_minute() {
        let now = UnixMs::from_secs(10_000);
        assert!(check_times(&claims(9_941, None), now).is_ok());
        assert!(check_times(&claims(9_940, None), now).is_err());
        assert!(check_times(&claims(10_660, None), now).is_ok());
        assert!(check_times(&claims(10_661, None), now).is_err());
        assert!(check_times(&claims(10_100, Some(10_060)), now).is_ok());
        assert!(check_times(&claims(10_100, Some(10_061)), now).is_err());
    }

    #[test]
    fn what_was_made_for_something_else_does_not_authenticate() {
        for own in ["JWT", "jwt", "application/jwt", "client-authentication+jwt"] {
            assert!(foreign::is_one_of(own, &TYPES), "{own}");
        }
        for other in ["at+jwt", "oauth-authz-req+jwt", "dpop+jwt", "logout+jwt", ""] {
            assert!(!foreign::is_one_of(other, &TYPES), "{other}");
        }
    }

    #[test]
    fn instants_need_not_be_whole_seconds() {
        let text = r#"{"iss":"c","sub":"c","aud":"a","exp":10100.75,"iat":10000.2,"jti":"j"}"#;
        let claims: Claims = serde_json::from_str(text).unwrap();
        assert_eq!((claims.exp.secs(), claims.iat.map(NumericDate::secs)), (10_100, Some(10_000)));
        for bad in ["-1", "1e300", "\"10\""] {
            let text = text.replace("10100.75", bad);
            assert!(serde_json::from_str::<Claims>(&text).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_audience_is_the_issuer_or_the_token_endpoint() {
        let issuer = "https://a.test/";
        for own in ["https://a.test/", "https://a.test", "https://a.test/oauth/token"] {
            assert!(is_for_us(&Audiences::One(own.into()), issuer), "{own}");
        }
        for other in ["https://a.test/x", "https://b.test/", "https://a.testing/", ""] {
            assert!(!is_for_us(&Audiences::Many(vec![other.into()]), issuer), "{other}");
        }
    }
}
