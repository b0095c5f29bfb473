//! Consent: only for applications of somebody else, said in words, and by this very person.

use crate::browser::{Answer, Browser};
use crate::world::{World, authorize};

async fn say(browser: &Browser, page: &Answer, answer: &str) -> Answer {
    browser.post("/u/consent", &[("state", &page.state()), ("answer", answer)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_party_gets_what_the_person_allows() {
    let world = World::start().await;
    let browser = world.browser();
    let asked = world.ann(&browser, "third", &[("scope", "openid email read:things")]).await;
    assert!(asked.location().starts_with("/u/consent?"), "{asked:?}");
    let page = browser.follow(&asked).await;
    assert!(page.body.contains("Somebody else") && page.body.contains("See your email address"), "{page:?}");
    assert!(page.body.contains("Read &lt;b&gt;all&lt;/b&gt; things"), "{page:?}");
    say(&browser, &page, "no").await.sent_back("access_denied");
    assert!(say(&browser, &page, "yes").await.parameter("code").is_some());
    browser.get(&authorize("third", &[("prompt", "none")])).await.sent_back("consent_required");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_cannot_be_skipped_or_given_by_another() {
    let world = World::start().await;
    let browser = world.browser();
    let page = browser.follow(&browser.get(&authorize("third", &[])).await).await;
    let early = say(&browser, &page, "yes").await;
    assert!(early.location().starts_with("/u/login?"), "nobody is logged in: {early:?}");
    let consent = browser.type_in(&page, "ann", "Correct-Horse-1").await;
    assert!(consent.location().starts_with("/u/consent?"));
    let asked = browser.get(&authorize("spa", &[("prompt", "consent")])).await;
    assert!(asked.location().starts_with("/u/consent?"), "asked for: {asked:?}");
    world.stop().await;
}
