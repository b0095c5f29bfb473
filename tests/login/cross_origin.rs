//! Auth0's cross-origin authentication: only for applications that are meant to, only from their own origins, and the
//! ticket only once, for a minute, in the same browser.

use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::world::{World, authorize, claims};

const ORIGIN: &str = "https://app.test";
const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";

async fn world() -> World {
    let world = World::start().await;
    let draft = json!({ "client_id": "spa", "cross_origin_authentication": true, "web_origins": [ORIGIN] });
    world.client(draft).await;
    world
}

fn credentials(more: &Value) -> Value {
    let mut body = json!({ "client_id": "spa", "credential_type": REALM, "username": "ann@example.test",
        "password": "Correct-Horse-1", "realm": "Username-Password-Authentication" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn authenticate(browser: &Browser, more: &Value) -> Answer {
    browser.post_from(ORIGIN, "/co/authenticate", &credentials(more)).await
}

fn ticket(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["login_ticket"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_logs_in_once() {
    let world = world().await;
    let browser = world.browser();
    let answer = authenticate(&browser, &json!({})).await;
    assert_eq!(answer.headers["access-control-allow-origin"], ORIGIN);
    assert_eq!(answer.headers["access-control-allow-credentials"], "true");
    let ticket = ticket(&answer);
    assert_eq!(browser.cookie("jeton_co").as_deref(), answer.json()["co_verifier"].as_str());
    let asked = authorize("spa", &[("login_ticket", &ticket), ("realm", "x")]);
    let back = browser.get(&asked).await;
    let tokens = world.exchange(&browser, &back.code()).await.json();
    assert_eq!(claims(&tokens["id_token"])["sub"], "auth0|ann");
    assert!(browser.get(&authorize("spa", &[("prompt", "none")])).await.parameter("code").is_some());
    browser.get(&asked).await.sent_back("login_required");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_worth_nothing_late_elsewhere_or_changed() {
    let world = world().await;
    let (browser, thief) = (world.browser(), world.browser());
    let first = ticket(&authenticate(&browser, &json!({})).await);
    let asked = |ticket: &str| authorize("spa", &[("login_ticket", ticket)]);
    thief.get(&asked(&first)).await.sent_back("login_required");
    browser.get(&authorize("spa2", &[("login_ticket", &first)])).await.sent_back("login_required");
    browser.get(&asked(&format!("{first}x"))).await.sent_back("login_required");
    browser.get(&asked("lt_nonsense")).await.sent_back("login_required");
    world.clock.advance_ms(60_000);
    browser.get(&asked(&first)).await.sent_back("login_required");
    let fresh = ticket(&authenticate(&browser, &json!({})).await);
    assert!(browser.get(&asked(&fresh)).await.parameter("code").is_some());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_origins_and_other_applications_may_not_even_guess() {
    let world = world().await;
    let browser = world.browser();
    let hashes = world.hashes();
    let body = credentials(&json!({}));
    for origin in ["https://evil.test", "null", "https://app.test.evil.test", "http://app.test"] {
        let answer = browser.post_from(origin, "/co/authenticate", &body).await;
        answer.refused(403, "access_denied");
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{origin}");
    }
    browser.post_json("/co/authenticate", &body).await.refused(403, "access_denied");
    authenticate(&browser, &json!({ "client_id": "spa2" })).await.refused(403, "access_denied");
    authenticate(&browser, &json!({ "client_id": "nobody" })).await.refused(403, "access_denied");
    assert_eq!(world.hashes(), hashes, "no password was looked at");
    let preflight = browser.preflight(ORIGIN, "/co/authenticate").await;
    assert_eq!(
        (preflight.status, &preflight.headers["access-control-allow-origin"]),
        (204, &ORIGIN.parse().unwrap())
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_told_alike_and_counted() {
    let world = world().await;
    let browser = world.browser();
    let wrong = authenticate(&browser, &json!({ "password": "wrong" })).await;
    wrong.refused(403, "access_denied");
    let unknown = authenticate(&browser, &json!({ "username": "who@example.test" })).await;
    assert_eq!((wrong.status, &wrong.body), (unknown.status, &unknown.body));
    for more in [
        json!({ "credential_type": "nonsense" }),
        json!({ "realm": "" }),
        json!({ "username": "" }),
        json!({ "password": "x".repeat(1025) }),
    ] {
        authenticate(&browser, &more).await.refused(400, "invalid_request");
    }
    for _ in 0..9 {
        authenticate(&browser, &json!({ "password": "wrong" })).await;
    }
    authenticate(&browser, &json!({})).await.refused(429, "too_many_attempts");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_by_mail_is_a_credential_too() {
    let world = world().await;
    world.connection(json!({ "name": "email", "strategy": "email" })).await;
    let browser = world.browser();
    let start =
        json!({ "client_id": "spa", "connection": "email", "email": "x@example.test", "send": "code" });
    browser.post_json("/passwordless/start", &start).await;
    let message = world.messages(1).await.remove(0);
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    let code = message.split_whitespace().find(digits).unwrap();
    let more = json!({ "credential_type": "http://auth0.com/oauth/grant-type/passwordless/otp", "realm": "email",
        "username": "x@example.test", "otp": code });
    let ticket = ticket(&authenticate(&browser, &more).await);
    let back = browser.get(&authorize("spa", &[("login_ticket", &ticket)])).await;
    let tokens = world.exchange(&browser, &back.code()).await.json();
    assert_eq!(claims(&tokens["id_token"])["amr"], json!(["otp"]));
    world.stop().await;
}
