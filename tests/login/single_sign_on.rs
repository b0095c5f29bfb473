//! One login, many applications: silent authentication, `prompt`, `max_age`, lifetimes, and whose cookie it is.

use crate::browser::Browser;
use crate::world::{World, authorize, claims};

const SILENT: (&str, &str) = ("prompt", "none");

async fn is_asked(browser: &Browser, more: &[(&str, &str)]) -> bool {
    browser.get(&authorize("spa", more)).await.location().starts_with("/u/login?")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_application_needs_no_second_login() {
    let world = World::start().await;
    let browser = world.browser();
    browser.get(&authorize("spa", &[SILENT])).await.sent_back("login_required");
    let first = world.exchange(&browser, &world.ann(&browser, "spa", &[]).await.code()).await.json();
    let silent = browser.get(&authorize("spa2", &[SILENT])).await;
    let code = silent.code();
    let form =
        crate::world::exchange_form(&code).map(|(n, v)| (n, if n == "client_id" { "spa2" } else { v }));
    let second = browser.post("/oauth/token", &form).await.json();
    assert_eq!(claims(&first["access_token"])["sid"], claims(&second["access_token"])["sid"]);
    assert_eq!(claims(&second["id_token"])["auth_time"], 1_800_000_000);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prompt_and_max_age_ask_again_and_the_session_stays_one() {
    let world = World::start().await;
    let browser = world.browser();
    let first = world.exchange(&browser, &world.ann(&browser, "spa", &[]).await.code()).await.json();
    let old_cookie = browser.cookie("jeton_session").unwrap();
    world.clock.advance_ms(100_000);
    assert!(!is_asked(&browser, &[("max_age", "100")]).await);
    for parameters in [("max_age", "99"), ("max_age", "0"), ("prompt", "login"), ("prompt", "select_account")]
    {
        assert!(is_asked(&browser, &[parameters]).await, "{parameters:?}");
    }
    browser.get(&authorize("spa", &[("max_age", "99"), SILENT])).await.sent_back("login_required");
    let again = world.ann(&browser, "spa", &[("prompt", "login")]).await;
    let again = world.exchange(&browser, &again.code()).await.json();
    assert_eq!(claims(&again["id_token"])["auth_time"], 1_800_000_100);
    assert_eq!(claims(&again["id_token"])["sid"], claims(&first["id_token"])["sid"]);
    let thief = world.browser();
    thief.set_cookie("jeton_session", &old_cookie);
    assert!(is_asked(&thief, &[]).await, "a cookie from before the new login is worth nothing");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_hint_names_the_only_person_who_may_answer() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = world.exchange(&browser, &world.ann(&browser, "spa", &[]).await.code()).await.json();
    let hint = tokens["id_token"].as_str().unwrap();
    assert!(
        browser.get(&authorize("spa", &[("id_token_hint", hint), SILENT])).await.parameter("code").is_some()
    );
    let bobs = world.browser();
    let page = bobs.follow(&bobs.get(&authorize("spa", &[])).await).await;
    bobs.type_in(&page, "bob@example.test", "Correct-Horse-2").await.code();
    bobs.get(&authorize("spa", &[("id_token_hint", hint), SILENT])).await.sent_back("login_required");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_idle_and_at_last() {
    let world = World::start().await;
    let browser = world.browser();
    world.ann(&browser, "spa", &[]).await.code();
    for _ in 0..10 {
        world.clock.advance_ms(999_000);
        assert!(!is_asked(&browser, &[]).await, "each use renews the idle lifetime");
    }
    world.clock.advance_ms(10_000);
    assert!(is_asked(&browser, &[]).await, "10 000 s are the absolute lifetime");
    let other = world.browser();
    world.ann(&other, "spa", &[]).await.code();
    world.clock.advance_ms(1_000_000);
    assert!(is_asked(&other, &[]).await, "1 000 s are the idle lifetime");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_in_the_same_browser_ends_the_first_ones_session() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = world.exchange(&browser, &world.ann(&browser, "spa", &[]).await.code()).await.json();
    world.clock.advance_ms(1);
    let page = browser.follow(&browser.get(&authorize("spa", &[("prompt", "login")])).await).await;
    let back = browser.type_in(&page, "bob@example.test", "Correct-Horse-2").await;
    let bobs = world.exchange(&browser, &back.code()).await.json();
    assert_ne!(claims(&tokens["id_token"])["sid"], claims(&bobs["id_token"])["sid"]);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", refresh)];
    browser.post("/oauth/token", &form).await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_counts_in_its_own_tenant_only() {
    let world = World::start().await;
    let browser = world.browser();
    world.ann(&browser, "spa", &[]).await.code();
    let elsewhere = world.browser_at("other.localhost");
    elsewhere.set_cookie("jeton_session", &browser.cookie("jeton_session").unwrap());
    elsewhere.get(&authorize("spa", &[SILENT])).await.sent_back("login_required");
    world.stop().await;
}
