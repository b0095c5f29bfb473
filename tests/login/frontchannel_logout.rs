//! Front-channel logout: the last page loads what applications registered, and nothing else, and goes on by itself.

use serde_json::json;

use crate::browser::Browser;
use crate::world::{World, authorize, claims, exchange_form};

const OUT: &str = "https://app.test/out?x=1";
const BYE: &str = "https://app.test/bye";

async fn world() -> World {
    let world = World::start().await;
    let client = |id: &str, uri: &str, required: bool| {
        json!({
            "client_id": id, "name": id, "app_type": "spa", "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "callbacks": [World::CALLBACK, "https://other.test:8443/cb"], "allowed_logout_urls": [BYE],
            "frontchannel_logout_uri": uri, "frontchannel_logout_session_required": required,
        })
    };
    let clients = [client("framed", OUT, true), client("plain", "https://other.test:8443/bye", false)];
    world.import(&json!({ "tenants": [{ "id": "default", "clients": clients }] })).await;
    world
}

async fn log_in(world: &World, browser: &Browser) -> String {
    let back = world.ann(browser, "framed", &[]).await;
    let code = back.code();
    let form = exchange_form(&code).map(|(n, v)| (n, if n == "client_id" { "framed" } else { v }));
    let tokens = browser.post("/oauth/token", &form).await.json();
    browser.get(&authorize("plain", &[])).await.code();
    tokens["id_token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_page_loads_the_applications_pages_and_goes_on() {
    let world = world().await;
    let browser = world.browser();
    let hint = log_in(&world, &browser).await;
    let sid = claims(&json!(hint))["sid"].as_str().unwrap().to_owned();
    let asked =
        format!("/oidc/logout?id_token_hint={hint}&post_logout_redirect_uri={BYE}&state=s&ui_locales=de");
    let leaving = browser.get(&asked).await;
    assert!(browser.cookie("jeton_session").is_none());
    let page = browser.follow(&leaving).await;
    assert_eq!(page.status, 200);
    let issuer = "http%3A%2F%2Flocalhost%3A8080%2F";
    let frame = format!("<iframe src=\"https://app.test/out?x=1&amp;iss={issuer}&amp;sid={sid}\"");
    assert!(page.body.contains(&frame), "{}", page.body);
    assert!(page.body.contains("<iframe src=\"https://other.test:8443/bye\""), "{}", page.body);
    assert!(page.body.contains("lang=\"de\"") && !page.body.contains("<script"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("frame-src https://app.test https://other.test:8443"), "{policy}");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(page.headers["refresh"], "3;url=https://app.test/bye?state=s");
    assert!(page.body.contains("href=\"https://app.test/bye?state=s\""), "for whoever does not want to wait");

    let stranger = world.browser();
    stranger.get(&authorize("spa", &[])).await;
    let elsewhere = stranger.get(&leaving.location()).await;
    assert!(!elsewhere.body.contains("<iframe"), "{}", elsewhere.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn auth0s_logout_and_the_confirmation_do_the_same() {
    let world = world().await;
    let browser = world.browser();
    log_in(&world, &browser).await;
    let page = browser.follow(&browser.get("/v2/logout").await).await;
    assert!(page.body.contains("<iframe") && !page.headers.contains_key("refresh"));
    log_in(&world, &browser).await;
    let asked = browser.follow(&browser.get("/oidc/logout").await).await;
    let done = browser.post("/u/logout", &[("state", &asked.state())]).await;
    assert!(browser.follow(&done).await.body.contains("<iframe"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_wants_it_there_are_no_frames() {
    let world = world().await;
    let browser = world.browser();
    world.ann(&browser, "spa", &[]).await.code();
    let done = browser.get("/v2/logout").await;
    assert_eq!(done.location(), "/u/logged-out");
    let page = browser.follow(&done).await;
    assert!(!page.headers["content-security-policy"].to_str().unwrap().contains("frame-src"));
    let forged = browser.get("/u/logged-out?state=lo_forged").await;
    assert!(forged.status == 200 && !forged.body.contains("<iframe"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_must_be_of_the_applications_own_origin() {
    let world = World::start().await;
    for bad in
        ["https://evil.test/out", "http://app.test/out", "https://app.test:444/out", "javascript:alert(1)"]
    {
        let client = json!({ "client_id": "bad", "name": "bad", "app_type": "spa",
            "callbacks": [World::CALLBACK], "frontchannel_logout_uri": bad });
        let refused = world.refused(&json!({ "tenants": [{ "id": "default", "clients": [client] }] })).await;
        assert!(refused.contains("frontchannel_logout_uri"), "{bad}: {refused}");
    }
    world.stop().await;
}
