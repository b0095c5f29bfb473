//! A client's assertion verifies with the key that the client registered, and with no other.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PSS_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;
use crate::clock::{Entropy, UnixMs};
use crate::model::signing_key::{Algorithm, KeyState};
use crate::protocol::ids::TenantId;
use crate::signing::keyset::{KeySet, TokenType};
use crate::signing::master_key::MasterKey;
use crate::signing::material::generate;
use crate::signing::sealing::Sealer;

/// The payload of RFC 7515 appendices A.2 and A.3.
const PAYLOAD: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn jwks(keys: &[Value]) -> Value {
    json!({ "keys": keys })
}

/// RFC 7515 appendix A.2.1.
fn rsa_of_rfc_7515() -> Value {
    let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-\
        SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7W\
        TBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kz\
        k2PAcDTW9gb54h4FRWyuXpoQ";
    json!({ "kty": "RSA", "n": n, "e": "AQAB" })
}

/// RFC 7515 appendix A.3.1.
fn ec_of_rfc_7515() -> Value {
    json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    })
}

fn es256_of_rfc_7515() -> String {
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{signature}")
}

/// One token of `algorithm` and the JWK (with `kid`, `use`, `alg`) that verifies it.
fn ours(seed: u64, algorithm: Algorithm) -> (String, Value) {
    let sealer = Sealer::new(&MasterKey::new([1; 32]), 0, &[]);
    let status = KeyState::Active { since: UnixMs(1) };
    let record = generate(&TenantId::from("t"), algorithm, &Entropy::seeded(seed), &sealer, status).unwrap();
    let keys = KeySet::new(&[record], &sealer).unwrap();
    let token = keys.signer(algorithm).unwrap().sign(TokenType::IdToken, b"{}").unwrap();
    let mut jwks: Value = serde_json::from_slice(keys.jwks()).unwrap();
    (token, jwks["keys"][0].take())
}

fn with_header(header: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.e30", URL_SAFE_NO_PAD.encode(header.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

#[test]
fn the_rs256_example_of_rfc_7515() {
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5juj\
        Gbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eS\
        N9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkW\
        ywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.{signature}");
    let verified = verify_with_jwks(&jwks(&[rsa_of_rfc_7515()]), &token).unwrap();
    assert_eq!(verified.claims, URL_SAFE_NO_PAD.decode(PAYLOAD).unwrap());
    assert_eq!(verified.typ, None);
}

#[test]
fn the_es256_example_of_rfc_7515() {
    let verified = verify_with_jwks(&jwks(&[ec_of_rfc_7515()]), &es256_of_rfc_7515()).unwrap();
    assert_eq!(verified.claims, URL_SAFE_NO_PAD.decode(PAYLOAD).unwrap());
}

#[test]
fn eddsa_es384_and_ps256_verify() {
    let (token, jwk) = ours(1, Algorithm::EdDsa);
    assert!(verify_with_jwks(&jwks(&[jwk]), &token).is_ok());

    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(48);
    let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
    let token = with_header(&json!({ "alg": "ES384" }), |message| {
        pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    });
    let jwk = json!({ "kty": "EC", "crv": "P-384", "x": x, "y": y });
    assert!(verify_with_jwks(&jwks(&[ec_of_rfc_7515(), jwk]), &token).is_ok());

    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let public = pair.public_key();
    let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
    let token = with_header(&json!({ "alg": "PS256" }), |message| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    });
    let plain = json!({ "kty": "RSA", "n": n, "e": "AQAB" });
    assert!(verify_with_jwks(&jwks(&[plain]), &token).is_ok());
    let for_rs256 = json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256" });
    assert_eq!(verify_with_jwks(&jwks(&[for_rs256]), &token), Err(BadToken::UnknownKey));
}

#[test]
fn a_kid_chooses_the_key_and_silence_tries_the_suitable_ones() {
    let (token, right) = ours(1, Algorithm::EdDsa);
    let (_, wrong) = ours(2, Algorithm::EdDsa);
    assert!(verify_with_jwks(&jwks(&[wrong.clone(), right.clone()]), &token).is_ok());
    assert_eq!(verify_with_jwks(&jwks(std::slice::from_ref(&wrong)), &token), Err(BadToken::UnknownKey));
    let mut renamed = wrong.clone();
    renamed["kid"] = right["kid"].clone();
    assert_eq!(verify_with_jwks(&jwks(&[renamed]), &token), Err(BadToken::Signature));

    let es256 = es256_of_rfc_7515();
    let (_, mut other) = ours(3, Algorithm::Es256);
    other["kid"] = json!("other");
    assert!(verify_with_jwks(&jwks(&[wrong, other.clone(), ec_of_rfc_7515()]), &es256).is_ok());
    assert_eq!(verify_with_jwks(&jwks(&[other]), &es256), Err(BadToken::Signature));
}

#[test]
fn no_more_than_ten_keys_are_tried() {
    let (_, other) = ours(3, Algorithm::Es256);
    let mut keys = vec![other; KEYS_TRIED_MAX - 1];
    keys.push(ec_of_rfc_7515());
    assert!(verify_with_jwks(&jwks(&keys), &es256_of_rfc_7515()).is_ok());
    keys.insert(0, keys[0].clone());
    assert_eq!(verify_with_jwks(&jwks(&keys), &es256_of_rfc_7515()), Err(BadToken::Signature));
}

#[test]
fn a_key_for_another_use_is_not_used() {
    for (name, value) in [("use", json!("enc")), ("alg", json!("ES384")), ("key_ops", json!(["sign"]))] {
        let mut jwk = ec_of_rfc_7515();
        jwk[name] = value;
        assert_eq!(
            verify_with_jwks(&jwks(&[jwk]), &es256_of_rfc_7515()),
            Err(BadToken::UnknownKey),
            "{name}"
        );
    }
}

#[test]
fn symmetric_and_unsigned_tokens_are_refused() {
    let n = rsa_of_rfc_7515()["n"].clone();
    let keys = jwks(&[rsa_of_rfc_7515(), json!({ "kty": "oct", "k": n, "alg": "HS256" })]);
    for alg in ["none", "HS256", "RS512", "rs256"] {
        let token = with_header(&json!({ "alg": alg }), |_| Vec::new());
        assert_eq!(verify_with_jwks(&keys, &token), Err(BadToken::Algorithm), "{alg}");
    }
}

#[test]
fn rsa_below_2048_bits_is_no_key() {
    let n = URL_SAFE_NO_PAD.encode([0xC5; 128]);
    let token = with_header(&json!({ "alg": "RS256" }), |_| vec![1; 128]);
    let keys = jwks(&[json!({ "kty": "RSA", "n": n, "e": "AQAB" })]);
    assert_eq!(verify_with_jwks(&keys, &token), Err(BadToken::UnknownKey));
}

#[test]
fn what_is_no_jwk_set_or_no_token_is_refused() {
    for keys in [json!(null), json!([]), json!({}), json!({ "keys": {} }), json!({ "keys": [1, {}] })] {
        assert_eq!(verify_with_jwks(&keys, &es256_of_rfc_7515()), Err(BadToken::UnknownKey));
    }
    assert_eq!(verify_with_jwks(&jwks(&[ec_of_rfc_7515()]), "a.b"), Err(BadToken::Malformed));
    let mut tail = es256_of_rfc_7515();
    tail.pop();
    assert!(verify_with_jwks(&jwks(&[ec_of_rfc_7515()]), &format!("{tail}R")).is_err(), "trailing bits");
}
