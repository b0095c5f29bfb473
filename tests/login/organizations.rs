//! Organizations at login: named, chosen, the only one, none; and never one that is not the person's own.

use crate::browser::{Answer, Browser};
use crate::world::{World, authorize, claims};

async fn log_in(browser: &Browser, name: &str, password: &str, more: &[(&str, &str)]) -> Answer {
    let page = browser.follow(&browser.get(&authorize("orgs", more)).await).await;
    browser.type_in(&page, name, password).await
}

async fn organization_of(browser: &Browser, back: &Answer) -> serde_json::Value {
    let code = back.code();
    let form =
        crate::world::exchange_form(&code).map(|(n, v)| (n, if n == "client_id" { "orgs" } else { v }));
    claims(&browser.post("/oauth/token", &form).await.json()["id_token"])["org_id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_organization_is_in_the_tokens() {
    let world = World::start().await;
    for name in ["acme", "org_acme0000000001"] {
        let browser = world.browser();
        let back = log_in(&browser, "ann", "Correct-Horse-1", &[("organization", name)]).await;
        assert_eq!(organization_of(&browser, &back).await, "org_acme0000000001");
    }
    let browser = world.browser();
    let back = log_in(&browser, "bob@example.test", "Correct-Horse-2", &[("organization", "beta")]).await;
    back.sent_back("access_denied");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_several_chooses_who_has_one_does_not_and_who_has_none_is_told() {
    let world = World::start().await;
    let browser = world.browser();
    let asked = log_in(&browser, "ann", "Correct-Horse-1", &[]).await;
    assert!(asked.location().starts_with("/u/organization?"), "{asked:?}");
    let page = browser.follow(&asked).await;
    assert!(page.body.contains("Acme &lt;i&gt;Inc&lt;/i&gt;") && page.body.contains("Beta"), "{page:?}");
    let choose = async |id: &str| {
        browser.post("/u/organization", &[("state", &page.state()), ("organization", id)]).await
    };
    choose("org_gamma000000001").await.sent_back("access_denied");
    choose("org_nosuch00000001").await.sent_back("invalid_request");
    assert_eq!(organization_of(&browser, &choose("org_beta0000000001").await).await, "org_beta0000000001");
    browser.get(&authorize("orgs", &[("prompt", "none")])).await.sent_back("interaction_required");

    let bobs = world.browser();
    let back = log_in(&bobs, "bob@example.test", "Correct-Horse-2", &[]).await;
    assert_eq!(organization_of(&bobs, &back).await, "org_acme0000000001");
    let dees = world.browser();
    log_in(&dees, "dee@example.test", "Correct-Horse-4", &[]).await.sent_back("access_denied");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_application_named_cannot_be_chosen_away() {
    let world = World::start().await;
    let browser = world.browser();
    let page = browser.follow(&browser.get(&authorize("orgs", &[("organization", "acme")])).await).await;
    browser.type_in(&page, "ann", "Correct-Horse-1").await.code();
    let choice = [("state", page.state()), ("organization", "org_beta0000000001".to_owned())];
    let choice = choice.each_ref().map(|(name, value)| (*name, value.as_str()));
    let back = browser.post("/u/organization", &choice).await;
    assert_eq!(organization_of(&browser, &back).await, "org_acme0000000001");
    world.stop().await;
}
