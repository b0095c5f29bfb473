//! Where addresses are proved first, signing up tells nobody who has an account, and stores nothing before the proof.

use serde_json::json;

use crate::browser::{Answer, Browser};
use crate::world::{World, authorize, claims, link_in};

const PASSWORD: &str = "Battery-Staple-9";

async fn strict() -> World {
    prove_first(World::start().await).await
}

async fn prove_first(world: World) -> World {
    world.change(json!({ "settings": { "signup_requires_verification": true } })).await;
    world
}

async fn sign_up(browser: &Browser, email: &str, password: &str) -> Answer {
    let page = browser.follow(&browser.get(&authorize("spa", &[("screen_hint", "signup")])).await).await;
    let form = [("state", page.state()), ("email", email.to_owned()), ("password", password.to_owned())];
    let answer =
        browser.post("/u/signup", &form.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    Answer { body: answer.body.replace(&page.state(), "…"), ..answer }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_and_a_free_one_get_the_same_page_for_the_same_work() {
    let world = strict().await;
    let browser = world.browser();
    let before = world.hashes();
    let taken = sign_up(&browser, "Ann@example.test", PASSWORD).await;
    let first = world.hashes();
    world.messages(1).await;
    let free = sign_up(&browser, "new@example.test", PASSWORD).await;
    assert_eq!((taken.status, free.status), (200, 200), "{taken:?}");
    assert_eq!(taken.body, free.body);
    assert_eq!((first - before, world.hashes() - first), (1, 1), "as many hashes for either");
    let messages = world.messages(2).await;
    assert!(
        messages[0].contains("You already have an account") && messages[0].contains("To: ann@example.test")
    );
    assert!(link_in(&messages[0]).unwrap().starts_with("/u/reset?ticket="), "{messages:?}");
    assert!(link_in(&messages[1]).unwrap().starts_with("/u/welcome?ticket="), "{messages:?}");
    for weak in ["ann@example.test", "other@example.test"] {
        sign_up(&browser, weak, "short").await.shown(400);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_is_made_by_the_link_once_and_not_before() {
    let world = strict().await;
    let browser = world.browser();
    sign_up(&browser, "new@example.test", PASSWORD).await;
    let page = browser.follow(&browser.get(&authorize("spa", &[])).await).await;
    browser.type_in(&page, "new@example.test", PASSWORD).await.shown(400);
    let link = world.links(1).await.remove(0);
    let asked = world.browser().get(&link).await;
    browser.type_in(&page, "new@example.test", PASSWORD).await.shown(400);
    let ticket = asked.hidden("ticket").unwrap();
    let form = [("ticket", ticket.as_str())];
    world.browser_at("other.localhost").post("/u/welcome", &form).await.shown(400);
    assert!(browser.post("/u/welcome", &form).await.body.contains("Your account is ready"));
    browser.post("/u/welcome", &form).await.shown(400);
    let back = browser.type_in(&page, "new@example.test", PASSWORD).await;
    let tokens = world.exchange(&browser, &back.code()).await.json();
    assert_eq!(claims(&tokens["id_token"])["email_verified"], true);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_end_with_time_and_do_not_open_elsewhere() {
    let world = strict().await;
    let browser = world.browser();
    sign_up(&browser, "new@example.test", PASSWORD).await;
    let link = world.links(1).await.remove(0);
    for other in ["/u/reset", "/u/verify", "/u/unblock"] {
        browser.get(&link.replace("/u/welcome", other)).await.shown(400);
    }
    browser.get(&format!("{link}x")).await.shown(400);
    world.clock.advance_ms(5 * 86_400_000);
    browser.get(&link).await.shown(400);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn auth0s_own_endpoint_hides_it_too() {
    let world = strict().await;
    let browser = world.browser();
    let sign_up = async |email: &str| {
        let connection = "Username-Password-Authentication";
        let form =
            [("client_id", "spa"), ("connection", connection), ("email", email), ("password", PASSWORD)];
        browser.post("/dbconnections/signup", &form).await
    };
    let taken = sign_up("ann@example.test").await;
    // Messages leave side by side.
    world.messages(1).await;
    let free = sign_up("new@example.test").await;
    assert_eq!((taken.status, free.status), (200, 200), "{taken:?}");
    for answer in [&taken, &free] {
        assert_eq!(answer.json()["_id"].as_str().unwrap().len(), 24);
        assert_eq!(answer.json()["email_verified"], false);
    }
    let id = free.json()["_id"].as_str().unwrap().to_owned();
    let ticket = browser.get(&world.links(2).await[1]).await.hidden("ticket").unwrap();
    browser.post("/u/welcome", &[("ticket", &ticket)]).await;
    let page = browser.follow(&browser.get(&authorize("spa", &[])).await).await;
    let back = browser.type_in(&page, "new@example.test", PASSWORD).await;
    let tokens = world.exchange(&browser, &back.code()).await.json();
    assert_eq!(claims(&tokens["id_token"])["sub"], format!("auth0|{id}"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_sent_so_many_messages_and_the_answer_stays_the_same() {
    let world = prove_first(World::start_with(|config, _| config.attacks.mails_max = 2).await).await;
    let browser = world.browser();
    for (nth, email) in ["ann@example.test", "new@example.test"].into_iter().enumerate() {
        let first = sign_up(&browser, email, PASSWORD).await;
        for _ in 0..4 {
            let answer = sign_up(&browser, email, PASSWORD).await;
            assert_eq!((answer.status, &answer.body), (200, &first.body));
        }
        world.messages(2 * (nth + 1)).await;
    }
    // With time there is room for one more; had one been too many before, it would be counted here.
    world.clock.advance_ms(360_000);
    sign_up(&browser, "new@example.test", PASSWORD).await;
    let last = world.messages(5).await.remove(4);
    assert!(last.contains("To: new@example.test"), "{last}");
    world.stop().await;
}
