//! Client authentication: the registered method and no other, and one wording for every failure.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::world::{ASSERTION_SEED, World};

const AUDIENCE: (&str, &str) = ("audience", "https://api.test/");
const GRANT: (&str, &str) = ("grant_type", "client_credentials");

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn basic_credentials_are_percent_decoded() {
    let world = World::start().await;
    // The chosen secret is `ch:sen %secret+`.
    for encoded in ["ch%3Asen+%25secret%2B", "ch:sen%20%25secret%2B"] {
        let answer = world.token_with_header(&[GRANT, AUDIENCE], &basic("m2m-basic", encoded)).await;
        assert_eq!(answer.claims()["sub"], "m2m-basic@clients", "{encoded}");
    }
    let wrong = world.token_with_header(&[GRANT, AUDIENCE], &basic("m2m-basic", "wrong")).await;
    wrong.refused(401, "invalid_client");
    assert!(wrong.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registered_method_is_the_only_one() {
    let world = World::start().await;
    let as_basic = basic("m2m", World::M2M_SECRET);
    world.token_with_header(&[GRANT, AUDIENCE], &as_basic).await.refused(401, "invalid_client");
    let as_post = [GRANT, AUDIENCE, ("client_id", "m2m-basic"), ("client_secret", "ch:sen %secret+")];
    world.token(&as_post).await.refused(401, "invalid_client");
    let nothing = [GRANT, AUDIENCE, ("client_id", "m2m")];
    world.token(&nothing).await.refused(401, "invalid_client");
    let a_public_client_with_a_secret = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("client_secret", "x"),
        ("refresh_token", "x"),
    ];
    world.token(&a_public_client_with_a_secret).await.refused(401, "invalid_client");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_methods_at_once_or_none_are_a_bad_request() {
    let world = World::start().await;
    let post = [GRANT, AUDIENCE, ("client_id", "m2m"), ("client_secret", World::M2M_SECRET)];
    world.token_with_header(&post, &basic("m2m", World::M2M_SECRET)).await.refused(400, "invalid_request");
    world.token(&[GRANT, AUDIENCE]).await.refused(400, "invalid_request");
    let named = [GRANT, AUDIENCE, ("client_id", "m2m")];
    world.token_with_header(&named, &basic("m2m-basic", "x")).await.refused(400, "invalid_request");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_clients_and_wrong_secrets_are_told_in_the_same_words() {
    let world = World::start().await;
    let secret = |id, secret| [GRANT, AUDIENCE, ("client_id", id), ("client_secret", secret)];
    let wrong = world.token(&secret("m2m", "wrong")).await;
    let unknown = world.token(&secret("nosuch", "wrong")).await;
    wrong.refused(401, "invalid_client");
    assert_eq!(wrong.body, unknown.body);
    for garbage in ["Basic !!!", "Basic Zm9v", "Basic JSUlOng="] {
        world.token_with_header(&[GRANT, AUDIENCE], garbage).await.refused(401, "invalid_client");
    }
    world.stop().await;
}

/// A client assertion with the test key; `change` edits the claims.
fn assertion(world: &World, jti: &str, change: impl FnOnce(&mut serde_json::Value)) -> String {
    let now = world.clock.now().secs();
    let mut claims = json!({
        "iss": "m2m-jwt", "sub": "m2m-jwt", "aud": world.issuer(), "exp": now + 60, "iat": now, "jti": jti,
    });
    change(&mut claims);
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"k1","typ":"JWT"}"#);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = Ed25519KeyPair::from_seed_unchecked(&ASSERTION_SEED).unwrap();
    assert_eq!(key.public_key().as_ref().len(), 32);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes())))
}

fn asserting(assertion: &str) -> [(&str, &str); 4] {
    let kind = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    [GRANT, AUDIENCE, kind, ("client_assertion", assertion)]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_works_once() {
    let world = World::start().await;
    let once = assertion(&world, "j1", |_| {});
    assert_eq!(world.token(&asserting(&once)).await.claims()["sub"], "m2m-jwt@clients");
    world.token(&asserting(&once)).await.refused(401, "invalid_client");
    let endpoint = format!("{}oauth/token", world.issuer());
    let other = assertion(&world, "j2", |claims| claims["aud"] = json!([endpoint, "https://x.test/"]));
    assert_eq!(world.token(&asserting(&other)).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_claim_of_an_assertion_counts() {
    let world = World::start().await;
    let now = world.clock.now().secs();
    let bad: [(&str, serde_json::Value); 7] = [
        ("aud", json!("https://other.test/")),
        ("exp", json!(now - 60)),
        ("exp", json!(now + 3600)),
        ("nbf", json!(now + 120)),
        ("sub", json!("m2m")),
        ("jti", json!("")),
        ("exp", json!("soon")),
    ];
    for (name, value) in bad {
        let text = assertion(&world, "j3", |claims| claims[name] = value.clone());
        world.token(&asserting(&text)).await.refused(401, "invalid_client");
    }
    let good = assertion(&world, "j3", |_| {});
    let forged = format!("{}A{}", &good[..good.len() - 10], &good[good.len() - 9..]);
    world.token(&asserting(&forged)).await.refused(401, "invalid_client");
    assert_eq!(world.token(&asserting(&good)).await.status, 200, "no refusal spent the jti");
    world.stop().await;
}

/// Each guess at a secret that somebody chose costs a hash.
#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_a_chosen_secret_are_counted_and_the_right_one_is_not() {
    let world = World::start().await;
    let right = basic("m2m-basic", "ch%3Asen+%25secret%2B");
    assert_eq!(world.token_with_header(&[GRANT, AUDIENCE], &right).await.status, 200);
    let mut told = Vec::new();
    for _ in 0..150 {
        let answer = world.token_with_header(&[GRANT, AUDIENCE], &basic("m2m-basic", "wrong")).await;
        told.push(answer.status);
        if answer.status == 429 {
            answer.refused(429, "too_many_requests");
            assert!(answer.headers.contains_key("retry-after"));
            break;
        }
    }
    assert_eq!(told.iter().filter(|status| **status == 401).count(), 100, "{told:?}");
    assert_eq!(told.last(), Some(&429));
    assert_eq!(world.token_with_header(&[GRANT, AUDIENCE], &right).await.status, 200, "it is remembered");
    world.stop().await;
}
