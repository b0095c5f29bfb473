//! Tricks to have a code, or an error, sent somewhere that is not the application's.

use crate::world::{World, authorize};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_registered_letter_for_letter_is_told_to_the_person_only() {
    let world = World::start().await;
    let browser = world.browser();
    for trick in [
        "https://evil.test/cb",
        "https://app.test/cb/",
        "https://app.test/cb?x=1",
        "https://app.test/cb#x",
        "https://app.test/cb/../other",
        "https://app.test.evil.test/cb",
        "https://app.test@evil.test/cb",
        "https://app.test%2f@evil.test/cb",
        "https://app.test\\@evil.test/cb",
        "https://app.test:443/cb",
        "HTTPS://app.test/cb",
        "http://app.test/cb",
        "//app.test/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://app.test/cb\r\nLocation: https://evil.test",
    ] {
        let answer = browser.get(&authorize("spa", &[("redirect_uri", trick)])).await;
        answer.shown(400);
        assert!(!answer.body.contains("evil.test"), "{trick}");
    }
    browser.get(&authorize("spa2", &[("redirect_uri", "")])).await.shown(400);
    browser.get(&authorize("nobody", &[])).await.shown(400);
    browser.get(&authorize("", &[])).await.shown(400);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_callback_of_a_client_need_not_be_named() {
    let world = World::start().await;
    let browser = world.browser();
    let back = world.ann(&browser, "spa", &[("redirect_uri", "")]).await;
    assert!(back.location().starts_with("https://app.test/cb?code="));
    let form = crate::world::exchange_form("x").map(|(name, value)| (name, value.to_owned()));
    let code = back.code();
    let form = form.map(|(name, value)| (name, if name == "code" { code.clone() } else { value }));
    let form: Vec<_> =
        form.iter().filter(|(name, _)| *name != "redirect_uri").map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(browser.post("/oauth/token", &form).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_native_application_may_listen_on_any_loopback_port() {
    let world = World::start().await;
    let browser = world.browser();
    let back = world.ann(&browser, "native", &[("redirect_uri", "http://127.0.0.1:49152/cb")]).await;
    assert!(back.location().starts_with("http://127.0.0.1:49152/cb?code="), "{back:?}");
    let back = browser.get(&authorize("native", &[("redirect_uri", "com.example.app:/cb")])).await;
    assert!(back.location().starts_with("com.example.app:/cb?code="), "{back:?}");
    for trick in ["http://127.0.0.1:1@evil.test/cb", "http://127.0.0.1:1/other", "http://127.0.0.2:1/cb"] {
        browser.get(&authorize("native", &[("redirect_uri", trick)])).await.shown(400);
    }
    world.stop().await;
}
