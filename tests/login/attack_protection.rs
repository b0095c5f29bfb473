//! Guessing is counted by all nodes together, and ends a block only by the owner, the administrator or time.

use jeton::model::statistics::Day;
use jeton::protocol::ids::TenantId;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::world::{World, authorize};

const ANN: &str = "ann@example.test";
const RIGHT: &str = "Correct-Horse-1";

async fn login_page(browser: &Browser) -> Answer {
    browser.follow(&browser.get(&authorize("spa", &[])).await).await
}

async fn guess(browser: &Browser, page: &Answer, name: &str, times: usize) {
    for _ in 0..times {
        browser.type_in(page, name, "wrong").await.shown(400);
    }
}

fn brute_force(part: &Value) -> Value {
    json!({ "attack_protection": { "brute_force_protection": part } })
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_count_together() {
    let world = World::start().await;
    let neighbour = world.neighbour().await;
    let (here, there) = (world.browser(), Browser::new("localhost", neighbour.public_address()));
    let (page, other) = (login_page(&here).await, login_page(&there).await);
    for name in [ANN, "nobody@example.test"] {
        guess(&here, &page, name, 5).await;
        guess(&there, &other, name, 5).await;
        here.type_in(&page, name, RIGHT).await.shown(429);
        there.type_in(&other, name, RIGHT).await.shown(429);
    }
    neighbour.stop().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_password_forgets_the_wrong_ones() {
    let world = World::start().await;
    let browser = world.browser();
    let page = login_page(&browser).await;
    for _ in 0..3 {
        guess(&browser, &page, ANN, 9).await;
        assert!(browser.type_in(&page, ANN, RIGHT).await.parameter("code").is_some());
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_one_count_under_all_its_names() {
    let world = World::start().await;
    let browser = world.browser();
    let page = login_page(&browser).await;
    guess(&browser, &page, "ann", 5).await;
    guess(&browser, &page, ANN, 5).await;
    browser.type_in(&page, "Ann", RIGHT).await.shown(429);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_told_once_and_unblocks_once() {
    let world = World::start().await;
    let browser = world.browser();
    let page = login_page(&browser).await;
    guess(&browser, &page, "nobody@example.test", 10).await;
    guess(&browser, &page, ANN, 10).await;
    browser.type_in(&page, ANN, RIGHT).await.shown(429);
    let link = world.links(1).await.remove(0);
    assert!(link.starts_with("/u/unblock?ticket=ml_"), "{link}");
    // Programs that look at messages follow links: that alone opens nothing.
    let asked = browser.get(&link).await;
    browser.type_in(&page, ANN, RIGHT).await.shown(429);
    let ticket = asked.hidden("ticket").unwrap();
    let form = [("ticket", ticket.as_str())];
    world.browser_at("other.localhost").post("/u/unblock", &form).await.shown(400);
    assert!(browser.post("/u/unblock", &form).await.body.contains("Your account is open again"));
    assert!(browser.type_in(&page, ANN, RIGHT).await.parameter("code").is_some());
    browser.post("/u/unblock", &form).await.shown(400);
    world.links(1).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_unblocks() {
    let world = World::start().await;
    let browser = world.browser();
    let page = login_page(&browser).await;
    guess(&browser, &page, ANN, 10).await;
    world.links(1).await;
    browser.post("/u/forgot", &[("state", &page.state()), ("email", ANN)]).await;
    let reset = world.links(2).await.remove(1);
    let ticket = browser.get(&reset).await.hidden("ticket").unwrap();
    browser.post("/u/reset", &[("ticket", &ticket), ("password", "Battery-Staple-9")]).await;
    assert!(browser.type_in(&page, ANN, "Battery-Staple-9").await.parameter("code").is_some());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_ends_by_itself_at_last() {
    let world = World::start_with(|config, _| config.attacks.remember_ms = 0).await;
    let browser = world.browser();
    let page = login_page(&browser).await;
    guess(&browser, &page, ANN, 9).await;
    world.clock.advance_ms(86_400_000);
    let page = login_page(&browser).await;
    guess(&browser, &page, ANN, 10).await;
    world.clock.advance_ms(29 * 86_400_000);
    let page = login_page(&browser).await;
    browser.type_in(&page, ANN, RIGHT).await.shown(429);
    world.clock.advance_ms(86_400_000);
    let page = login_page(&browser).await;
    assert!(browser.type_in(&page, ANN, RIGHT).await.parameter("code").is_some());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenant_decides_what_counts() {
    let world = World::start_with(|config, _| config.attacks.remember_ms = 0).await;
    let browser = world.browser();
    let page = login_page(&browser).await;
    world.change(brute_force(&json!({ "max_attempts": 2, "shields": ["block"] }))).await;
    guess(&browser, &page, ANN, 2).await;
    browser.type_in(&page, ANN, RIGHT).await.shown(429);
    world.change(brute_force(&json!({ "allowlist": ["127.0.0.0/8", "::1"] }))).await;
    guess(&browser, &page, ANN, 5).await;
    world.change(brute_force(&json!({ "allowlist": [], "enabled": false }))).await;
    guess(&browser, &page, ANN, 5).await;
    world.change(brute_force(&json!({ "enabled": true, "mode": "count_per_identifier" }))).await;
    guess(&browser, &page, "bob@example.test", 2).await;
    browser.type_in(&page, "bob@example.test", "Correct-Horse-2").await.shown(429);
    assert!(world.links(0).await.is_empty(), "nobody was to be told");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_tries_many_accounts_is_told_to_wait() {
    let world = World::start_with(|config, _| config.attacks.remember_ms = 0).await;
    let stage = json!({ "pre-login": { "max_attempts": 6, "rate": 60_000 } });
    world.change(json!({ "attack_protection": { "suspicious_ip_throttling": { "stage": stage } } })).await;
    let browser = world.browser();
    let page = login_page(&browser).await;
    for nth in 0..9 {
        assert!(browser.type_in(&page, "bob", "x").await.status == 400 || nth >= 6);
        if nth < 6 {
            // Right ones are not held against the address.
            assert!(nth == 5 || browser.type_in(&page, ANN, RIGHT).await.parameter("code").is_some());
        }
    }
    let refused = browser.type_in(&page, "somebody@example.test", "x").await;
    refused.shown(429);
    browser.type_in(&page, ANN, RIGHT).await.shown(429);
    world.clock.advance_ms(60_000);
    assert!(browser.type_in(&page, ANN, RIGHT).await.parameter("code").is_some());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_guesses_is_no_flood_of_questions_to_the_store() {
    let world = World::start_with(|config, _| config.attacks.remember_ms = 60_000).await;
    let browser = world.browser();
    let page = login_page(&browser).await;
    guess(&browser, &page, ANN, 10).await;
    browser.type_in(&page, ANN, "wrong").await.shown(429);
    world.links(1).await;
    let (calls, hashes) = (world.store.calls(), world.hashes());
    for _ in 0..50 {
        browser.type_in(&page, ANN, "wrong").await.shown(429);
    }
    assert_eq!((world.store.calls(), world.hashes()), (calls, hashes));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signups_and_messages_from_one_address_are_bounded() {
    let world = World::start_with(|config, _| config.attacks.mails_max = 2).await;
    let stage = json!({ "pre-user-registration": { "max_attempts": 5, "rate": 60_000 } });
    let browser = world.browser();
    let form = |email: &'static str| {
        [("client_id", "spa"), ("connection", "Username-Password-Authentication"), ("email", email)]
    };
    for email in ["who@example.test", ANN] {
        let ask = async || browser.post("/dbconnections/change_password", &form(email)).await;
        assert_eq!((ask().await.status, ask().await.status), (200, 200));
        ask().await.refused(429, "too_many_requests");
    }
    world.links(2).await;
    world.change(json!({ "attack_protection": { "suspicious_ip_throttling": { "stage": stage } } })).await;
    let mut refused = 0;
    for nth in 0..8 {
        let email = format!("n{nth}@example.test");
        let signup = [
            ("client_id", "spa"),
            ("connection", "Username-Password-Authentication"),
            ("email", email.as_str()),
            ("password", "Battery-Staple-9"),
        ];
        let answer = browser.post("/dbconnections/signup", &signup).await;
        refused += usize::from(answer.status == 429);
        assert!(matches!(answer.status, 200 | 429), "{answer:?}");
    }
    assert!((3..8).contains(&refused), "{refused}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_password_does_not_log_in_where_the_tenant_says_so() {
    let world = World::start_with(|config, folder| {
        let file = folder.join("leaked");
        // SHA-1 of "Correct-Horse-1".
        std::fs::write(&file, crate::password_policy::leaked(RIGHT)).unwrap();
        config.breaches.file = file;
    })
    .await;
    let browser = world.browser();
    let page = login_page(&browser).await;
    assert!(browser.type_in(&page, ANN, RIGHT).await.parameter("code").is_some());
    let part = json!({ "enabled": true, "shields": ["block"] });
    world.change(json!({ "attack_protection": { "breached_password_detection": part } })).await;
    let refused = browser.type_in(&page, ANN, RIGHT).await;
    refused.shown(403);
    assert!(refused.body.contains("data leak"), "{refused:?}");
    browser.type_in(&page, ANN, "wrong").await.shown(400);
    leaks_counted(&world, 1).await;
    world.stop().await;
}

/// Waits until today's count of leaked passwords is this.
pub(crate) async fn leaks_counted(world: &World, expected: u64) {
    let engine = world.engine();
    let (tenant, today) = (TenantId::from("default"), Day::of(engine.now()));
    let mut counted = 0;
    for _ in 0..300 {
        let days = engine.store().days(&tenant, today, today).await.unwrap();
        counted = days.first().map_or(0, |(_, counts)| counts.leaked_passwords);
        if counted >= expected {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(counted, expected);
}
