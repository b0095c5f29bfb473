//! Signed request objects (RFC 9101): what the client signed counts, what stands beside it does not.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::world::{World, authorize, parameters};

const SEED: [u8; 32] = [42; 32];

/// The public half of the key with which objects are signed.
pub(crate) fn public_key() -> String {
    let key = Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap();
    URL_SAFE_NO_PAD.encode(key.public_key().as_ref())
}

/// A JWT with these claims under the key of `seed`.
fn signed(seed: [u8; 32], header: &str, claims: &Value) -> String {
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes())))
}

const HEADER: &str = r#"{"alg":"EdDSA","kid":"k1","typ":"oauth-authz-req+jwt"}"#;

fn claims(world: &World, client: &str, more: &[(&str, &str)]) -> Value {
    let mut claims =
        json!({ "iss": client, "aud": "http://localhost:8080/", "exp": world.clock.now().secs() + 60 });
    for (name, value) in parameters(client, more) {
        claims[name] = json!(value);
    }
    claims
}

/// A request object as a good client signs it.
pub(crate) fn object(world: &World, client: &str, more: &[(&str, &str)]) -> String {
    signed(SEED, HEADER, &claims(world, client, more))
}

fn link(client: &str, object: &str, beside: &[(&str, &str)]) -> String {
    let query = [("client_id", client), ("request", object)].into_iter().chain(beside.iter().copied());
    format!(
        "/authorize?{}",
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_beside_a_signed_request_is_not_looked_at() {
    let world = World::start().await;
    let browser = world.browser();
    let object =
        object(&world, "signer", &[("state", "signed"), ("redirect_uri", "https://app.test/signed")]);
    let beside =
        [("state", "beside"), ("redirect_uri", "https://app.test/cb"), ("prompt", "none"), ("scope", "x")];
    let page = browser.follow(&browser.get(&link("signer", &object, &beside)).await).await;
    let answer = browser.type_in(&page, "ann", "Correct-Horse-1").await;
    assert!(answer.location().starts_with("https://app.test/signed?code=ac_"), "{answer:?}");
    assert_eq!(answer.parameter("state").as_deref(), Some("signed"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_and_the_claims_object_need_no_quotes_inside() {
    let world = World::start().await;
    let browser = world.browser();
    let mut request = claims(&world, "signer", &[("scope", "openid")]);
    request["max_age"] = json!(0);
    request["claims"] = json!({ "id_token": { "email": null } });
    let page =
        browser.follow(&browser.get(&link("signer", &signed(SEED, HEADER, &request), &[])).await).await;
    assert!(browser.type_in(&page, "ann", "Correct-Horse-1").await.parameter("code").is_some());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_object_is_refused_in_the_same_words() {
    let world = World::start().await;
    let browser = world.browser();
    let now = world.clock.now().secs();
    let good = claims(&world, "signer", &[]);
    let with = |name: &str, value: Value| {
        let mut bad = good.clone();
        bad[name] = value;
        signed(SEED, HEADER, &bad)
    };
    let unsigned = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
        URL_SAFE_NO_PAD.encode(good.to_string())
    );
    let assertion = HEADER.replace("oauth-authz-req+jwt", "at+jwt");
    for (what, bad) in [
        ("none", unsigned),
        ("another key", signed([7; 32], HEADER, &good)),
        ("another type", signed(SEED, &assertion, &good)),
        ("iss", with("iss", json!("spa"))),
        ("no iss", with("iss", Value::Null)),
        ("client_id", with("client_id", json!("spa"))),
        ("sub", with("sub", json!("signer"))),
        ("aud", with("aud", json!("https://elsewhere.test/"))),
        ("expired", with("exp", json!(now - 60))),
        ("no exp", with("exp", Value::Null)),
        ("nbf", with("nbf", json!(now + 61))),
        ("request", with("request", json!("x.y.z"))),
        ("request_uri", with("request_uri", json!("urn:x"))),
        ("a list", with("scope", json!(["openid"]))),
    ] {
        let answer = browser.get(&link("signer", &bad, &[("redirect_uri", World::CALLBACK)])).await;
        answer.sent_back("invalid_request_object");
        // Without a redirect URI that can be trusted, nobody but the person is told.
        let elsewhere = [("redirect_uri", "https://evil.test/cb")];
        let shown = browser.get(&link("signer", &bad, &elsewhere)).await;
        shown.shown(400);
        assert!(!shown.body.contains("evil"), "{what}");
    }
    let no_keys = browser.get(&link("spa", &object(&world, "spa", &[]), &[])).await;
    no_keys.sent_back("invalid_request_object");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checks_are_those_of_any_request() {
    let world = World::start().await;
    let browser = world.browser();
    for (more, code) in [
        ([("code_challenge", ""), ("state", "st")], "invalid_request"),
        ([("prompt", "none"), ("state", "st")], "login_required"),
        ([("scope", "openid \"quoted\""), ("state", "st")], "invalid_scope"),
    ] {
        browser.get(&link("signer", &object(&world, "signer", &more), &[])).await.sent_back(code);
    }
    let evil = object(&world, "signer", &[("redirect_uri", "https://evil.test/cb")]);
    browser.get(&link("signer", &evil, &[("redirect_uri", World::CALLBACK)])).await.shown(400);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_must_sign_is_not_heard_otherwise() {
    let world = World::start().await;
    let browser = world.browser();
    browser.get(&authorize("signed-only", &[])).await.sent_back("invalid_request");
    browser.post_pairs("/oauth/par", &parameters("signed-only", &[])).await.refused(400, "invalid_request");
    let answer = browser.get(&link("signed-only", &object(&world, "signed-only", &[]), &[])).await;
    assert!(answer.location().starts_with("/u/login?"), "{answer:?}");
    world.stop().await;
}
