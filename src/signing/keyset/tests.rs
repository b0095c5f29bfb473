//! A key set signs with its newest active keys and verifies with everything it publishes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::clock::{Entropy, UnixMs};
use crate::protocol::ids::TenantId;
use crate::signing::master_key::MasterKey;
use crate::signing::material::generate;

fn sealer() -> Sealer {
    Sealer::new(&MasterKey::new([1; 32]), 0, &[])
}

fn active(at: u64) -> KeyState {
    KeyState::Active { since: UnixMs(at) }
}

fn record(seed: u64, algorithm: Algorithm, status: KeyState) -> SigningKeyRecord {
    generate(&TenantId::from("acme"), algorithm, &Entropy::seeded(seed), &sealer(), status).unwrap()
}

fn key_set(records: &[SigningKeyRecord]) -> KeySet {
    KeySet::new(records, &sealer()).unwrap()
}

fn signed(keys: &KeySet, algorithm: Algorithm) -> String {
    keys.signer(algorithm).unwrap().sign(TokenType::AccessToken, br#"{"sub":"me"}"#).unwrap()
}

#[test]
fn a_token_of_every_algorithm_makes_the_round_trip() {
    let records = Algorithm::ALL.map(|algorithm| record(1, algorithm, active(1)));
    let keys = key_set(&records);
    assert_eq!(keys.algorithms(), Algorithm::ALL);
    for algorithm in Algorithm::ALL {
        let verified = keys.verify(&signed(&keys, algorithm)).unwrap();
        assert_eq!(verified.typ.as_deref(), Some("at+jwt"));
        assert_eq!(verified.claims, br#"{"sub":"me"}"#);
        assert!(!format!("{verified:?}").contains("claims"));
    }
}

#[test]
fn the_newest_active_key_signs_and_the_others_still_verify() {
    let next = record(1, Algorithm::EdDsa, KeyState::Next { published_at: UnixMs(9) });
    let (new, old) = (record(2, Algorithm::EdDsa, active(5)), record(3, Algorithm::EdDsa, active(3)));
    let retired = SigningKeyRecord { status: KeyState::Retiring { until: UnixMs(9) }, ..old.clone() };
    let yesterday = signed(&key_set(std::slice::from_ref(&old)), Algorithm::EdDsa);
    for order in [[&old, &next, &new], [&new, &old, &next], [&retired, &next, &new]] {
        let keys = key_set(&order.map(Clone::clone));
        assert_eq!(keys.signer(Algorithm::EdDsa).unwrap().kid(), &new.kid);
        assert!(keys.verify(&yesterday).is_ok());
    }
    assert!(key_set(&[next]).signer(Algorithm::EdDsa).is_none());
    assert_eq!(key_set(&[new]).verify(&yesterday), Err(BadToken::UnknownKey));
}

#[test]
fn the_jwks_names_every_published_key_and_no_private_member() {
    let records = [
        record(1, Algorithm::Es256, KeyState::Retiring { until: UnixMs(9) }),
        record(2, Algorithm::EdDsa, KeyState::Next { published_at: UnixMs(9) }),
        record(3, Algorithm::Rs256, active(1)),
    ];
    let jwks: Value = serde_json::from_slice(key_set(&records).jwks()).unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    let order: Vec<&str> = keys.iter().filter_map(|key| key["alg"].as_str()).collect();
    assert_eq!(order, ["RS256", "EdDSA", "ES256"], "active, next, retiring");
    for key in keys {
        let own = records.iter().find(|record| key["kid"] == record.kid.as_str()).unwrap();
        assert_eq!((key["alg"].as_str(), &key["use"]), (Some(own.algorithm.name()), &json!("sig")));
        let names = key.as_object().unwrap().keys();
        assert!(
            names.into_iter().all(|name| !["d", "p", "q", "dp", "dq", "qi", "k"].contains(&name.as_str()))
        );
        assert_eq!(PublicJwk::read(key).unwrap().thumbprint(), own.kid);
    }
    assert_eq!(KeySet::empty().jwks(), r#"{"keys":[]}"#);
}

#[test]
fn a_changed_token_does_not_verify() {
    let keys = key_set(&[record(1, Algorithm::EdDsa, active(1)), record(1, Algorithm::Es256, active(1))]);
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let token = signed(&keys, algorithm);
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(keys.verify(&String::from_utf8(bytes).unwrap()).is_err(), "{algorithm:?}, byte {at}");
        }
    }
}

#[test]
fn a_header_may_not_choose_how_it_is_verified() {
    let (signs, other) = (record(1, Algorithm::EdDsa, active(1)), record(2, Algorithm::Es256, active(1)));
    let keys = key_set(&[signs.clone(), other.clone()]);
    let token = signed(&keys, Algorithm::EdDsa);
    let with_header = |header: &Value| {
        let (_, rest) = token.split_once('.').unwrap();
        keys.verify(&format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string())))
    };
    let kid = signs.kid.as_str();
    assert_eq!(with_header(&json!({ "alg": "none", "kid": kid })), Err(BadToken::Algorithm));
    assert_eq!(with_header(&json!({ "alg": "HS256", "kid": kid })), Err(BadToken::Algorithm));
    assert_eq!(with_header(&json!({ "alg": "ES256", "kid": kid })), Err(BadToken::Algorithm));
    assert_eq!(with_header(&json!({ "alg": "ES256", "kid": other.kid.as_str() })), Err(BadToken::Signature));
    assert_eq!(with_header(&json!({ "alg": "EdDSA" })), Err(BadToken::UnknownKey));
    assert_eq!(with_header(&json!({ "alg": "EdDSA", "kid": "?" })), Err(BadToken::UnknownKey));
    let critical = json!({ "alg": "EdDSA", "kid": kid, "crit": ["x"], "x": 1 });
    assert_eq!(with_header(&critical), Err(BadToken::Malformed));
    assert_eq!(keys.verify(&format!("{token}.")), Err(BadToken::Malformed));
}

#[test]
fn signed_claims_that_repeat_a_member_are_refused() {
    let keys = key_set(&[record(1, Algorithm::EdDsa, active(1))]);
    let signer = keys.signer(Algorithm::EdDsa).unwrap();
    let token = signer.sign(TokenType::IdToken, br#"{"sub":"me","sub":"you"}"#).unwrap();
    assert_eq!(keys.verify(&token), Err(BadToken::Malformed));
}

#[test]
fn records_whose_parts_do_not_belong_together_are_refused() {
    let (one, two) = (record(1, Algorithm::EdDsa, active(1)), record(2, Algorithm::EdDsa, active(1)));
    let refusal = |record: SigningKeyRecord| KeySet::new(&[record], &sealer()).unwrap_err();
    let swapped = SigningKeyRecord { sealed_private_key: two.sealed_private_key.clone(), ..one.clone() };
    assert!(matches!(refusal(swapped), KeyError::Inconsistent { .. }));
    let renamed = SigningKeyRecord { kid: two.kid.clone(), ..one.clone() };
    assert!(matches!(refusal(renamed), KeyError::Inconsistent { .. }));
    let relabelled = SigningKeyRecord { algorithm: Algorithm::Es256, ..one.clone() };
    assert!(matches!(refusal(relabelled), KeyError::Inconsistent { .. }));
    let moved = SigningKeyRecord { tenant: TenantId::from("other"), ..one.clone() };
    assert!(matches!(refusal(moved.clone()), KeyError::NotOpened(_)));
    let unpublished = SigningKeyRecord { status: KeyState::Next { published_at: UnixMs(1) }, ..moved };
    let mixed = KeySet::new(&[one.clone(), unpublished], &sealer()).unwrap_err();
    assert!(matches!(mixed, KeyError::Inconsistent { .. }));
    let elsewhere = Sealer::new(&MasterKey::new([2; 32]), 0, &[]);
    assert!(matches!(KeySet::new(&[one], &elsewhere), Err(KeyError::NotOpened(_))));
}
