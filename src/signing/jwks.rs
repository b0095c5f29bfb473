//! The JWK set (RFC 7517 §5) as the bytes that `/.well-known/jwks.json` answers with.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::model::signing_key::Algorithm;
use crate::protocol::ids::KeyId;
use crate::protocol::jwk::PublicJwk;

/// Renders `keys` in the given order.
pub(super) fn render<'a>(keys: impl Iterator<Item = (&'a KeyId, Algorithm, &'a PublicJwk)>) -> Bytes {
    let keys: Vec<Value> = keys.map(|(kid, algorithm, key)| published(kid, algorithm, key)).collect();
    Bytes::from(json!({ "keys": keys }).to_string())
}

fn published(kid: &KeyId, algorithm: Algorithm, key: &PublicJwk) -> Value {
    let mut jwk = key.to_value();
    jwk["kid"] = json!(kid.as_str());
    jwk["use"] = json!("sig");
    jwk["alg"] = json!(algorithm.name());
    jwk
}
