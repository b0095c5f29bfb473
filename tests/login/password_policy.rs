//! The rules of a connection hold wherever a person sets a password, in Auth0's shape and in the person's words.

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use crate::attack_protection::leaks_counted;
use crate::browser::{Answer, Browser};
use crate::world::{World, authorize};

const CONNECTION: &str = "Username-Password-Authentication";

/// A list of leaked passwords with one line.
pub(crate) fn leaked(password: &str) -> String {
    let digest: Vec<String> = Sha1::digest(password).iter().map(|byte| format!("{byte:02X}")).collect();
    let digest = digest.concat();
    format!("{digest}:3\n")
}

async fn sign_up(browser: &Browser, email: &str, password: &str) -> Answer {
    let form = [("client_id", "spa"), ("connection", CONNECTION), ("email", email), ("password", password)];
    browser.post("/dbconnections/signup", &form).await
}

async fn options(world: &World, options: Value) {
    world.connection(json!({ "name": CONNECTION, "options": options })).await;
}

fn weak(answer: &Answer, name: &str) -> Value {
    let body = answer.json();
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!((&body["code"], &body["name"]), (&json!("invalid_password"), &json!(name)), "{body}");
    assert_eq!(body["statusCode"], 400);
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_is_told_in_auth0s_shape() {
    let world = World::start().await;
    let browser = world.browser();
    options(
        &world,
        json!({ "passwordPolicy": "excellent", "password_complexity_options": { "min_length": 12 } }),
    )
    .await;
    let body = weak(&sign_up(&browser, "x@example.test", "aaa").await, "PasswordStrengthError");
    let rules = body["description"]["rules"].as_array().unwrap();
    let rule = |code: &str| rules.iter().find(|rule| rule["code"] == code).unwrap();
    assert_eq!(
        (&rule("lengthAtLeast")["format"], &rule("lengthAtLeast")["verified"]),
        (&json!([12]), &json!(false))
    );
    assert_eq!(rule("identicalChars")["verified"], false);
    let kinds = rule("containsAtLeast");
    assert_eq!((&kinds["format"], &kinds["items"][0]["code"]), (&json!([3, 4]), &json!("lowerCase")));
    assert_eq!(
        (&kinds["items"][0]["verified"], &kinds["items"][1]["verified"]),
        (&json!(true), &json!(false))
    );
    assert!(body["policy"].as_str().unwrap().starts_with("* At least 12 characters in length\n* "), "{body}");
    assert_eq!(sign_up(&browser, "x@example.test", "Correct-Horse-1").await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn common_personal_and_guessable_passwords_are_declined() {
    let world = World::start().await;
    let browser = world.browser();
    options(
        &world,
        json!({ "password_min_score": 3,
        "password_dictionary": { "enable": true, "dictionary": ["Acme-Corp-2027!x"] } }),
    )
    .await;
    let email = "annabella@example.test";
    weak(&sign_up(&browser, email, "acme-corp-2027!X").await, "PasswordDictionaryError");
    weak(&sign_up(&browser, email, "xx-Annabella-47-zebra").await, "PasswordNoUserInfoError");
    weak(&sign_up(&browser, email, "password123").await, "PasswordStrengthError");
    options(&world, json!({ "password_no_personal_info": { "enable": false } })).await;
    assert_eq!(sign_up(&browser, email, "xx-Annabella-47-zebra").await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_password_is_declined_at_no_great_cost() {
    let world = World::start().await;
    options(&world, json!({ "password_min_score": 4 })).await;
    let browser = world.browser();
    let hashes = world.hashes();
    weak(&sign_up(&browser, "x@example.test", &"aB1-".repeat(10_000)).await, "PasswordStrengthError");
    assert_eq!(world.hashes(), hashes);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_password_is_declined_where_the_tenant_wants_it() {
    let world = World::start_with(|config, folder| {
        config.breaches.file = folder.join("leaked");
        std::fs::write(&config.breaches.file, leaked("Battery-Staple-9")).unwrap();
    })
    .await;
    let browser = world.browser();
    assert_eq!(sign_up(&browser, "a@example.test", "Battery-Staple-9").await.status, 200);
    let block = json!({ "shields": ["block"] });
    let stage = json!({ "pre-user-registration": block, "pre-change-password": block });
    let part = json!({ "enabled": true, "stage": stage });
    world.change(json!({ "attack_protection": { "breached_password_detection": part } })).await;
    weak(&sign_up(&browser, "b@example.test", "Battery-Staple-9").await, "PasswordLeakedError");
    leaks_counted(&world, 1).await;
    assert_eq!(sign_up(&browser, "b@example.test", "Battery-Staple-8").await.status, 200);
    reset(&world, &browser, 3, "Battery-Staple-9").await.shown(400);
    leaks_counted(&world, 2).await;
    world.stop().await;
}

async fn reset(world: &World, browser: &Browser, nth: usize, password: &str) -> Answer {
    let page = browser.follow(&browser.get(&authorize("spa", &[])).await).await;
    browser.post("/u/forgot", &[("state", &page.state()), ("email", "ann@example.test")]).await;
    let link = world.links(nth).await.remove(nth - 1);
    let ticket = browser.get(&link).await.hidden("ticket").unwrap();
    let answer = browser.post("/u/reset", &[("ticket", &ticket), ("password", password)]).await;
    world.clock.advance_ms(1000);
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_passwords_are_declined_as_far_back_as_the_connection_says() {
    let world = World::start().await;
    let browser = world.browser();
    options(&world, json!({ "password_history": { "enable": true, "size": 2 } })).await;
    let used = "You have used this password before";
    let again = reset(&world, &browser, 1, "Correct-Horse-1").await;
    again.shown(400);
    assert!(again.body.contains(used), "{again:?}");
    assert!(reset(&world, &browser, 2, "Battery-Staple-2").await.body.contains("is changed"));
    for (nth, old) in [(3, "Correct-Horse-1"), (4, "Battery-Staple-2")] {
        assert!(reset(&world, &browser, nth, old).await.body.contains(used), "{old}");
    }
    assert!(reset(&world, &browser, 5, "Battery-Staple-3").await.body.contains("is changed"));
    assert!(
        reset(&world, &browser, 6, "Correct-Horse-1").await.body.contains("is changed"),
        "it is long ago"
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_password_leaves_the_link_good() {
    let world = World::start().await;
    let browser = world.browser();
    let page = browser.follow(&browser.get(&authorize("spa", &[])).await).await;
    browser.post("/u/forgot", &[("state", &page.state()), ("email", "ann@example.test")]).await;
    let ticket = browser.get(&world.links(1).await[0]).await.hidden("ticket").unwrap();
    let choose = async |password: &str| {
        browser.post("/u/reset", &[("ticket", ticket.as_str()), ("password", password)]).await
    };
    choose("short").await.shown(400);
    assert!(choose("Battery-Staple-9").await.body.contains("is changed"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_what_is_missing_in_the_readers_language() {
    let world = World::start().await;
    let browser = world.browser();
    for (language, words) in [
        ("en", "at least 8 characters"),
        ("de", "mindestens 8 Zeichen"),
        ("es", "al menos 8 caracteres"),
        ("fr", "au moins 8 caractères"),
        ("it", "almeno 8 caratteri"),
    ] {
        let asked =
            browser.get(&authorize("spa", &[("screen_hint", "signup"), ("ui_locales", language)])).await;
        let page = browser.follow(&asked).await;
        let form =
            [("state", page.state()), ("email", "x@example.test".into()), ("password", "abc12".into())];
        let answer =
            browser.post("/u/signup", &form.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
        answer.shown(400);
        assert!(answer.body.contains(words), "{language}: {answer:?}");
    }
    world.stop().await;
}
