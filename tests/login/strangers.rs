//! Nothing is stored for a stranger, whatever they ask for; and a store that is down is an honest page.

use crate::world::{World, authorize};

#[tokio::test(flavor = "multi_thread")]
async fn many_anonymous_requests_leave_the_store_alone() {
    let world = World::start().await;
    world.browser().get(&authorize("spa", &[("organization", "acme")])).await;
    let calls = world.store.calls();
    for nth in 0..300 {
        let browser = world.browser();
        let nonce = nth.to_string();
        let asked = browser.get(&authorize("spa", &[("nonce", &nonce), ("organization", "acme")])).await;
        assert_eq!(browser.follow(&asked).await.status, 200);
        browser
            .get(&authorize("spa", &[("nonce", &nonce), ("prompt", "none")]))
            .await
            .sent_back("login_required");
        browser.set_cookie("jeton_session", &format!("forged{nonce}"));
        assert_eq!(browser.get(&authorize("spa", &[])).await.status, 303);
    }
    assert_eq!(world.store.calls(), calls, "neither a read nor a write");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_down_is_a_503_and_the_person_may_try_again() {
    let world = World::start().await;
    let browser = world.browser();
    let page = browser.follow(&browser.get(&authorize("spa", &[])).await).await;
    world.store.set_down(true);
    let answer = browser.type_in(&page, "ann", "Correct-Horse-1").await;
    answer.shown(503);
    assert!(answer.headers.contains_key("retry-after"));
    world.store.set_down(false);
    let back = browser.type_in(&page, "ann", "Correct-Horse-1").await;
    let code = back.code();
    world.store.set_down(true);
    world.exchange(&browser, &code).await.refused(503, "temporarily_unavailable");
    world.store.set_down(false);
    assert_eq!(world.exchange(&browser, &code).await.status, 200, "the code was not consumed");
    world.stop().await;
}
