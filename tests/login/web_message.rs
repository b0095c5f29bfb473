//! `response_mode=web_message`: silent authentication in a frame, told to one origin only.

use crate::world::{World, authorize};

const SILENT: [(&str, &str); 2] = [("response_mode", "web_message"), ("prompt", "none")];

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_is_told_the_code() {
    let world = World::start().await;
    let browser = world.browser();
    world.ann(&browser, "spa", &[]).await.code();
    let answer = browser.get(&authorize("spa", &SILENT)).await;
    let (origin, response) = answer.message();
    assert_eq!(origin, "https://app.test");
    assert_eq!((&response["state"], &response["iss"]), (&"st".into(), &"http://localhost:8080/".into()));
    let code = response["code"].as_str().unwrap();
    assert_eq!(world.exchange(&browser, code).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_page_may_be_framed_by_that_origin_and_no_other_page_at_all() {
    let world = World::start().await;
    let browser = world.browser();
    let answer = browser.get(&authorize("spa", &SILENT)).await;
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors https://app.test;"), "{policy}");
    assert!(policy.contains("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!answer.headers.contains_key("x-frame-options"), "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let page = browser.follow(&browser.get(&authorize("spa", &SILENT[..1])).await).await;
    let refused = browser.get("/authorize?client_id=nosuch&response_mode=web_message").await;
    for page in [page, refused] {
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(page.headers["x-frame-options"], "DENY");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_was_opened_for_it_remembers_who_opened_it() {
    let world = World::start().await;
    let browser = world.browser();
    let policy = "cross-origin-opener-policy";
    let usual = browser.follow(&browser.get(&authorize("spa", &[])).await).await;
    assert_eq!(usual.headers[policy], "same-origin");
    let page = browser.follow(&browser.get(&authorize("spa", &SILENT[..1])).await).await;
    assert!(!page.headers.contains_key(policy), "{page:?}");
    let told = browser.type_in(&page, "ann", "Correct-Horse-1").await;
    assert!(told.message().1["code"].is_string() && !told.headers.contains_key(policy), "{told:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_told_too_and_nothing_breaks_out_of_the_page() {
    let world = World::start().await;
    let browser = world.browser();
    let nasty = "\"></body><script>alert(1)</script>&'";
    let answer = browser.get(&authorize("spa", &[SILENT[0], SILENT[1], ("state", nasty)])).await;
    let (_, response) = answer.message();
    assert_eq!((&response["error"], &response["state"]), (&"login_required".into(), &nasty.into()));
    assert!(!answer.body.contains("alert(1)</script>"), "{answer:?}");
    let (_, response) = browser.get(&authorize("spa", &[SILENT[0], ("prompt", "dance")])).await.message();
    assert_eq!(response["error"], "invalid_request");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_origin_of_the_client_is_enough_for_a_message_and_for_nothing_else() {
    let world = World::start().await;
    let browser = world.browser();
    let page = ("redirect_uri", "https://other-page.test");
    let tokens = ("response_type", "id_token");
    let answer = browser.get(&authorize("implicit", &[SILENT[0], SILENT[1], page, tokens])).await;
    assert_eq!(answer.message().0, "https://other-page.test");
    browser.get(&authorize("implicit", &[("response_mode", "fragment"), page, tokens])).await.shown(400);
    for elsewhere in ["https://evil.test", "https://other-page.test/", "https://other-page.test.evil.test"] {
        let parameters = [SILENT[0], SILENT[1], ("redirect_uri", elsewhere), tokens];
        browser.get(&authorize("implicit", &parameters)).await.shown(400);
    }
    // A scheme of an application's own is no origin that could be told.
    let own = [SILENT[0], SILENT[1], ("redirect_uri", "com.example.app:/cb")];
    browser.get(&authorize("native", &own)).await.sent_back("invalid_request");
    world.stop().await;
}
