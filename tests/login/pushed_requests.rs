//! Pushed authorization requests (RFC 9126): validated where they are pushed, carried in their own name, answered in
//! one browser.

use crate::browser::{Answer, Browser};
use crate::request_objects::object;
use crate::world::{World, authorize, parameters};

async fn push(browser: &Browser, client: &str, more: &[(&str, &str)]) -> Answer {
    browser.post_pairs("/oauth/par", &parameters(client, more)).await
}

async fn name(browser: &Browser, client: &str, more: &[(&str, &str)]) -> String {
    let answer = push(browser, client, more).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.json()["expires_in"], 60);
    answer.json()["request_uri"].as_str().unwrap().to_owned()
}

fn link(client: &str, name: &str) -> String {
    format!("/authorize?client_id={client}&request_uri={}", name.replace(':', "%3A"))
}

const SECRET: (&str, &str) = ("client_secret", World::WEB_SECRET);

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_request_is_begun_by_its_name_and_answered() {
    let world = World::start().await;
    let browser = world.browser();
    let name = name(&browser, "spa", &[("state", "pushed")]).await;
    assert!(name.starts_with("urn:ietf:params:oauth:request_uri:pr_"), "{name}");
    let beside =
        format!("{}&state=beside&prompt=none&redirect_uri=https%3A%2F%2Fevil.test", link("spa", &name));
    let page = browser.follow(&browser.get(&beside).await).await;
    let answer = browser.type_in(&page, "ann", "Correct-Horse-1").await;
    assert_eq!(answer.parameter("state").as_deref(), Some("pushed"));
    assert_eq!(world.exchange(&browser, &answer.code()).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_may_be_loaded_again_in_the_browser_where_it_was_answered_and_nowhere_else() {
    let world = World::start().await;
    let (browser, thief) = (world.browser(), world.browser());
    let name = name(&browser, "spa", &[]).await;
    let page = browser.follow(&browser.get(&link("spa", &name)).await).await;
    let other_page = thief.follow(&thief.get(&link("spa", &name)).await).await;
    browser.type_in(&page, "ann", "Correct-Horse-1").await.code();
    browser.type_in(&page, "ann", "Correct-Horse-1").await.code();
    browser.get(&link("spa", &name)).await.code();
    thief.type_in(&other_page, "ann", "Correct-Horse-1").await.sent_back("invalid_request_uri");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_good_for_its_client_and_tenant_and_not_for_long() {
    let world = World::start().await;
    let browser = world.browser();
    let name = name(&browser, "spa", &[]).await;
    for at in (40..name.len()).step_by(11) {
        let mut changed = name.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        browser.get(&link("spa", &changed)).await.sent_back("invalid_request_uri");
    }
    browser.get(&link("spa2", &name)).await.shown(400);
    world.browser_at("other.localhost").get(&link("spa", &name)).await.sent_back("invalid_request_uri");
    browser.get(&format!("/authorize?request_uri={name}")).await.shown(400);
    world.clock.advance_ms(59_999);
    assert!(browser.get(&link("spa", &name)).await.location().starts_with("/u/login?"));
    world.clock.advance_ms(1);
    browser.get(&link("spa", &name)).await.sent_back("invalid_request_uri");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_authenticates_as_at_the_token_endpoint() {
    let world = World::start().await;
    let browser = world.browser();
    push(&browser, "web", &[]).await.refused(401, "invalid_client");
    push(&browser, "web", &[("client_secret", "wrong")]).await.refused(401, "invalid_client");
    push(&browser, "nobody", &[]).await.refused(401, "invalid_client");
    push(&browser, "spa", &[SECRET]).await.refused(401, "invalid_client");
    let name = name(&browser, "web", &[SECRET]).await;
    assert!(browser.get(&link("web", &name)).await.location().starts_with("/u/login?"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_would_be_refused_later_is_refused_at_once() {
    let world = World::start().await;
    let browser = world.browser();
    let long = "x".repeat(5000);
    for (more, status, code) in [
        (("redirect_uri", "https://evil.test/"), 400, "invalid_request"),
        (("response_type", "none"), 400, "unsupported_response_type"),
        (("response_type", "token"), 400, "unauthorized_client"),
        (("code_challenge", ""), 400, "invalid_request"),
        (("scope", "openid \"quoted\""), 400, "invalid_scope"),
        (("audience", "https://nosuch.test/"), 403, "access_denied"),
        (("organization", "nosuch"), 400, "invalid_request"),
        (("request_uri", "urn:ietf:params:oauth:request_uri:pr_x"), 400, "invalid_request"),
        (("request", "x.y.z"), 400, "invalid_request_object"),
        (("claims", "{"), 400, "invalid_request"),
        (("nonce", &long), 400, "invalid_request"),
    ] {
        let answer = push(&browser, "spa", &[more]).await;
        answer.refused(status, code);
    }
    assert_eq!(browser.get("/oauth/par").await.status, 405);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_may_be_pushed_and_a_client_may_have_to_push() {
    let world = World::start().await;
    let browser = world.browser();
    let signed = object(&world, "signer", &[("state", "inside")]);
    let form = [("client_id", "signer"), ("request", signed.as_str()), ("state", "outside")];
    let answer = browser.post("/oauth/par", &form).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let uri = answer.json()["request_uri"].as_str().unwrap().to_owned();
    let page = browser.follow(&browser.get(&link("signer", &uri)).await).await;
    let answer = browser.type_in(&page, "ann", "Correct-Horse-1").await;
    assert_eq!(answer.parameter("state").as_deref(), Some("inside"));

    browser.get(&authorize("pushed-only", &[])).await.sent_back("invalid_request");
    let name = name(&browser, "pushed-only", &[SECRET]).await;
    assert!(browser.get(&link("pushed-only", &name)).await.parameter("code").is_some());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pushing_writes_nothing() {
    let world = World::start().await;
    let browser = world.browser();
    let uri = name(&browser, "spa", &[]).await;
    let calls = world.store.calls();
    for _ in 0..50 {
        name(&browser, "spa", &[]).await;
        browser.get(&link("spa", &uri)).await;
    }
    assert_eq!(world.store.calls(), calls);
    world.stop().await;
}
