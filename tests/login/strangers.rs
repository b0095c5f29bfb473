//! Nothing is stored for a stranger, whatever they ask for; and a store that is down is an honest page.

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::browser::Browser;
use crate::world::{World, authorize};

/// How many ask; `JETON_TEST_STRANGERS=1000000` for the patient.
fn strangers() -> u32 {
    std::env::var("JETON_TEST_STRANGERS").map_or(500, |count| count.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn many_anonymous_requests_leave_the_store_exactly_as_it_was() {
    let world = World::start().await;
    let first = world.browser();
    stranger(&first, 0).await;
    let (calls, contents) = (world.store.calls(), world.contents_at_rest().await);
    assert!(contents.len() > 3, "{contents:?}");
    let others = (1..=strangers()).map(|nth| stranger(&first, nth));
    stream::iter(others).buffer_unordered(16).collect::<()>().await;
    assert_eq!(world.store.calls(), calls, "neither a read nor a write");
    assert_eq!(world.contents_at_rest().await, contents);
    // What looks and finds no difference must be able to find one.
    world.ann(&world.browser(), "spa", &[]).await.code();
    assert_ne!(world.contents_at_rest().await, contents);
    world.stop().await;
}

/// Somebody who has never been here asks for everything that can be had without logging in.
async fn stranger(other: &Browser, nth: u32) {
    let nonce = nth.to_string();
    let browser = other.another();
    let asked = browser.get(&authorize("spa", &[("nonce", &nonce), ("organization", "acme")])).await;
    if nth.is_multiple_of(8) {
        assert_eq!(browser.follow(&asked).await.status, 200);
        browser
            .get(&authorize("spa", &[("nonce", &nonce), ("prompt", "none")]))
            .await
            .sent_back("login_required");
        browser.set_cookie("jeton_session", &format!("forged{nonce}"));
        assert_eq!(browser.get(&authorize("spa", &[])).await.status, 303);
    }
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
