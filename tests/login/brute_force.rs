//! Guessing passwords: ten wrong ones close an account to an address, on every path, right password or not.

use crate::world::{World, authorize};

#[tokio::test(flavor = "multi_thread")]
async fn after_ten_wrong_passwords_an_account_is_closed_to_the_address() {
    let world = World::start().await;
    let browser = world.browser();
    let page = browser.follow(&browser.get(&authorize("spa", &[])).await).await;
    for name in ["ann@example.test", "nobody@example.test"] {
        for _ in 0..10 {
            browser.type_in(&page, name, "wrong").await.shown(400);
        }
        browser.type_in(&page, name, "wrong").await.shown(429);
    }
    browser.type_in(&page, "Ann@example.test", "Correct-Horse-1").await.shown(429);
    let back = browser.type_in(&page, "bob@example.test", "Correct-Horse-2").await;
    assert!(back.parameter("code").is_some(), "others are not touched");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_guesses_at_once_are_counted_too() {
    let world = World::start().await;
    let browser = world.browser();
    let page = browser.follow(&browser.get(&authorize("spa", &[])).await).await;
    let guesses = (0..40).map(|_| browser.type_in(&page, "ann@example.test", "wrong"));
    let answers = futures_util::future::join_all(guesses).await;
    let judged = answers.iter().filter(|answer| answer.status == 400).count();
    assert_eq!(judged, 10);
    world.stop().await;
}
