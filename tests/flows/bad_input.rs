//! Bad input gets the endpoint's own error and consumes nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use reqwest::Method;

use crate::world::World;

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_told_apart() {
    let world = World::start().await;
    let secret = World::M2M_SECRET;
    let good = format!(
        "grant_type=client_credentials&client_id=m2m&client_secret={secret}&audience=https%3A%2F%2Fapi.test%2F"
    );
    assert_eq!(world.raw("/oauth/token", FORM, good.clone()).await.status, 200);
    let cases = [
        (400, "invalid_request", FORM, format!("{good}&scope=a&scope=b")),
        (400, "invalid_request", FORM, format!("{good}&audience=x")),
        (400, "invalid_request", FORM, format!("{good}&x=%zz")),
        (400, "invalid_request", FORM, format!("{good}&x=%ff%fe")),
        (400, "invalid_request", FORM, String::new()),
        (400, "invalid_request", FORM, good.replace("grant_type", "grant")),
        (400, "unsupported_grant_type", FORM, good.replace("client_credentials", "telepathy")),
        (400, "unsupported_grant_type", FORM, good.replace("client_credentials", "implicit")),
        (415, "invalid_request", "text/plain", good.clone()),
        (415, "invalid_request", "", good.clone()),
        (400, "invalid_request", "application/json", good.clone()),
        (400, "invalid_request", "application/json", "{\"grant_type\":[]}".to_owned()),
        (413, "invalid_request", FORM, format!("{good}&x={}", "y".repeat(70_000))),
    ];
    for (status, code, kind, body) in cases {
        world.raw("/oauth/token", kind, body).await.refused(status, code);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_bodies_read_like_forms() {
    let world = World::start().await;
    let body = serde_json::json!({
        "grant_type": "client_credentials", "client_id": "m2m", "client_secret": World::M2M_SECRET,
        "audience": "https://api.test/",
    });
    let answer = world.raw("/oauth/token", "application/json; charset=utf-8", body.to_string()).await;
    assert_eq!(answer.claims()["sub"], "m2m@clients");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_says_for_whom_it_is() {
    let world = World::start().await;
    let ask = |more: &str| format!("GET /.well-known/jwks.json HTTP/1.1\r\n{more}connection: close\r\n\r\n");
    let answer = world.bytes(&ask("")).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "RFC 9112 \u{a7}3.2: {answer}");
    assert!(answer.contains("\"invalid_request\""), "{answer}");
    assert!(world.bytes(&ask("host: localhost\r\n")).await.starts_with("HTTP/1.1 200 "));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_got_has_a_head_and_pages_are_nobody_elses() {
    let world = World::start().await;
    let (get, head) = (world.get("/u/login").await, world.ask(Method::HEAD, "/u/login").await);
    assert_eq!((head.status, head.body.as_str()), (get.status, ""));
    assert_eq!(world.ask(Method::HEAD, "/.well-known/jwks.json").await.status, 200);
    for method in [Method::PUT, Method::OPTIONS] {
        let answer = world.ask(method, "/u/login").await;
        answer.refused(405, "invalid_request");
        assert_eq!(answer.headers["allow"], "GET, HEAD, POST");
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{answer:?}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_methods_and_paths() {
    let world = World::start().await;
    let get = world.get("/oauth/token").await;
    get.refused(405, "invalid_request");
    assert_eq!(get.headers["allow"], "POST");
    world.get("/nosuch").await.refused(404, "invalid_request");
    world.get("/oauth/token/").await.refused(404, "invalid_request");
    world.stop().await;
}

/// Every single-bit flip, every truncation: refused, and the store is not asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_tampered_token_never_reaches_the_store() {
    let world = World::start().await;
    let token = world.login("app", "offline_access").await.refresh_token();
    assert_eq!(world.refresh("app", &token).await.status, 200, "warms every cache");
    let asked = world.store.calls();
    let sealed = URL_SAFE_NO_PAD.decode(&token[3..]).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let text = format!("rt_{}", URL_SAFE_NO_PAD.encode(flipped));
        world.refresh("app", &text).await.refused(400, "invalid_grant");
    }
    for length in (0..token.len()).step_by(7).skip(1) {
        world.refresh("app", &token[..length]).await.refused(400, "invalid_grant");
    }
    for purpose in ["ac_", "ls_", "", "RT_"] {
        let text = format!("{purpose}{}", &token[3..]);
        world.refresh("app", &text).await.refused(400, "invalid_grant");
    }
    assert_eq!(world.store.calls(), asked);
    assert_eq!(world.refresh("app", &token).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cross_origin_pages_may_ask_and_read() {
    let world = World::start().await;
    let preflight = world.options("/oauth/token").await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.headers["access-control-allow-origin"], "*");
    assert!(preflight.headers.get("access-control-allow-credentials").is_none());
    world.stop().await;
}

/// A proxy in front may have believed the other one.
#[tokio::test(flavor = "multi_thread")]
async fn two_authorization_headers_are_refused() {
    let world = World::start().await;
    let token = world.login("app", "offline_access").await.refresh_token();
    let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    world.token_with_headers(&form, &["Basic YTpi", "Basic YTpj"]).await.refused(400, "invalid_request");
    assert_eq!(world.refresh("app", &token).await.status, 200);
    world.stop().await;
}

/// Comparing every token with every other would take seconds for one request.
#[tokio::test(flavor = "multi_thread")]
async fn a_scope_of_thousands_of_tokens_is_refused_at_once_and_costs_no_token() {
    let world = World::start().await;
    let token = world.login("app", "offline_access").await.refresh_token();
    let scope = (0..10_000).map(|n| format!("{n:x}")).collect::<Vec<_>>().join(" ");
    world.refresh_with("app", &token, &[("scope", &scope)]).await.refused(400, "invalid_scope");
    let login = World::login_form("app", &scope, "https://api.test/");
    world.token(&login).await.refused(400, "invalid_scope");
    assert_eq!(world.refresh("app", &token).await.status, 200);
    world.stop().await;
}
