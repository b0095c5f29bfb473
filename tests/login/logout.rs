//! Logging out: by the application with a hint, by the person who confirms, Auth0's way; and nowhere unregistered.

use crate::browser::{Answer, Browser};
use crate::world::{World, authorize};

const BYE: &str = "https://app.test/bye";

async fn tokens(world: &World, browser: &Browser) -> serde_json::Value {
    let code = world.ann(browser, "spa", &[]).await.code();
    world.exchange(browser, &code).await.json()
}

async fn is_out(browser: &Browser, tokens: &serde_json::Value) -> bool {
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", refresh)];
    let dead = browser.post("/oauth/token", &form).await.status == 400;
    let asked = browser.get(&authorize("spa", &[])).await.location().starts_with("/u/login?");
    assert_eq!(dead, asked, "the session and its refresh tokens end together");
    dead
}

fn path(base: &str, parameters: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{base}?{query}")
}

async fn confirm(browser: &Browser, asked: &Answer) -> Answer {
    assert!(asked.location().starts_with("/u/logout?state=lo_"), "{asked:?}");
    let page = browser.follow(asked).await;
    browser.post("/u/logout", &[("state", &page.state())]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_with_a_hint_logs_out_even_when_the_hint_has_expired() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = tokens(&world, &browser).await;
    let hint = tokens["id_token"].as_str().unwrap();
    let parameters = [("id_token_hint", hint), ("post_logout_redirect_uri", BYE), ("state", "a b&c")];
    world.clock.advance_ms(36_001_000);
    let back = browser.get(&path("/oidc/logout", &parameters)).await;
    assert_eq!(back.location(), "https://app.test/bye?state=a+b%26c");
    assert!(is_out(&browser, &tokens).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_hint_the_person_is_asked() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = tokens(&world, &browser).await;
    let asked = browser.get("/oidc/logout").await;
    let page = browser.follow(&asked).await;
    assert!(page.body.contains("Do you want to log out?"));
    assert!(!is_out(&browser, &tokens).await, "nothing happens before the answer");
    let asked = path("/oidc/logout", &[("client_id", "spa"), ("post_logout_redirect_uri", BYE)]);
    let asked = browser.get(&asked).await;
    let stranger = world.browser();
    stranger.get(&authorize("spa", &[])).await;
    stranger.post("/u/logout", &[("state", &browser.follow(&asked).await.state())]).await.shown(400);
    assert_eq!(confirm(&browser, &asked).await.location(), BYE);
    assert!(browser.cookie("jeton_session").is_none());
    let code = world.ann(&browser, "spa", &[]).await;
    assert!(code.parameter("code").is_some());
    let done = confirm(&browser, &browser.get("/oidc/logout").await).await;
    assert!(browser.follow(&done).await.body.contains("You are logged out."));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_of_another_session_does_not_speak_for_this_one() {
    let world = World::start().await;
    let (browser, other) = (world.browser(), world.browser());
    let mine = tokens(&world, &browser).await;
    let theirs = tokens(&world, &other).await;
    let hint = path("/oidc/logout", &[("id_token_hint", theirs["id_token"].as_str().unwrap())]);
    assert!(browser.get(&hint).await.location().starts_with("/u/logout?"));
    let access = path("/oidc/logout", &[("id_token_hint", mine["access_token"].as_str().unwrap())]);
    browser.get(&access).await.shown(400);
    assert!(!is_out(&browser, &mine).await && !is_out(&other, &theirs).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_a_place_that_is_not_registered() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = tokens(&world, &browser).await;
    let hint = tokens["id_token"].as_str().unwrap();
    for place in ["https://evil.test/", "https://app.test/bye/", "https://app.test/cb", "javascript:alert(1)"]
    {
        let oidc = [("id_token_hint", hint), ("post_logout_redirect_uri", place)];
        browser.get(&path("/oidc/logout", &oidc)).await.shown(400);
        browser.get(&path("/v2/logout", &[("client_id", "spa"), ("returnTo", place)])).await.shown(400);
    }
    browser.get(&path("/v2/logout", &[("returnTo", BYE)])).await.shown(400);
    browser.get(&path("/v2/logout", &[("client_id", "spa2"), ("returnTo", BYE)])).await.shown(400);
    let wrong = [("id_token_hint", hint), ("client_id", "spa2"), ("post_logout_redirect_uri", BYE)];
    browser.get(&path("/oidc/logout", &wrong)).await.shown(400);
    assert!(!is_out(&browser, &tokens).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn auth0s_logout_asks_nobody() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = tokens(&world, &browser).await;
    let back = browser.get(&path("/v2/logout", &[("client_id", "spa"), ("returnTo", BYE)])).await;
    assert_eq!(back.location(), BYE);
    assert!(is_out(&browser, &tokens).await);
    assert_eq!(browser.get("/v2/logout").await.location(), "/u/logged-out");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_id_speaks_for_its_session_as_at_auth0() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = tokens(&world, &browser).await;
    let sid = crate::world::claims(&tokens["id_token"])["sid"].as_str().unwrap().to_owned();
    for wrong in ["nonsense", "AAAAAAAAAAAAAAAA", ""] {
        let asked = browser.get(&path("/oidc/logout", &[("logout_hint", wrong)])).await;
        assert!(asked.location().starts_with("/u/logout?state="), "{wrong}");
    }
    let parameters = [
        ("logout_hint", sid.as_str()),
        ("client_id", "spa"),
        ("post_logout_redirect_uri", BYE),
        ("ui_locales", "fr"),
    ];
    assert_eq!(browser.get(&path("/oidc/logout", &parameters)).await.location(), BYE);
    assert!(is_out(&browser, &tokens).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_application_the_tenants_own_places_count() {
    let world = World::start().await;
    let settings = serde_json::json!({ "allowed_logout_urls": ["https://acme.test/home"] });
    world.import(&serde_json::json!({ "tenants": [{ "id": "default", "settings": settings }] })).await;
    let browser = world.browser();
    let tokens = tokens(&world, &browser).await;
    browser.get(&path("/v2/logout", &[("returnTo", BYE)])).await.shown(400);
    let spas = [("client_id", "spa"), ("returnTo", "https://acme.test/home")];
    browser.get(&path("/v2/logout", &spas)).await.shown(400);
    let own = [("federated", ""), ("returnTo", "https://acme.test/home"), ("ui_locales", "de")];
    assert_eq!(browser.get(&path("/v2/logout", &own)).await.location(), "https://acme.test/home");
    assert!(is_out(&browser, &tokens).await);
    let done = browser.get(&path("/v2/logout", &[("ui_locales", "de")])).await;
    assert!(browser.follow(&done).await.body.contains("lang=\"de\""));
    world.stop().await;
}
