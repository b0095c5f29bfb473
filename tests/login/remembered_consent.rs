//! Consent is remembered, for what was consented to and no more; listed, and taken back with everything built on it.

use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::world::{World, authorize, exchange_form};

async fn say(browser: &Browser, page: &Answer, answer: &str) -> Answer {
    browser.post("/u/consent", &[("state", &page.state()), ("answer", answer)]).await
}

/// Ann logs in at the application of somebody else and allows what it asks for.
async fn allowed(world: &World, browser: &Browser, more: &[(&str, &str)]) -> Answer {
    let asked = world.ann(browser, "third", more).await;
    say(browser, &browser.follow(&asked).await, "yes").await
}

async fn exchange(browser: &Browser, code: &str) -> Value {
    let mut form = exchange_form(code);
    form[1].1 = "third";
    browser.post("/oauth/token", &form).await.json()
}

async fn refresh(browser: &Browser, tokens: &Value) -> Answer {
    let token = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "third"), ("refresh_token", token)];
    browser.post("/oauth/token", &form).await
}

fn is_asked(answer: &Answer) -> bool {
    answer.location().starts_with("/u/consent?")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_or_less_is_not_asked_for_again_and_more_is() {
    let world = World::start().await;
    let browser = world.browser();
    let wide = ("scope", "openid email read:things offline_access");
    allowed(&world, &browser, &[wide]).await.code();
    for scope in [wide.1, "openid", "read:things openid", "offline_access openid unknown:thing"] {
        browser.get(&authorize("third", &[("scope", scope), ("prompt", "none")])).await.code();
    }
    let more = [("scope", "openid email read:things write:things")];
    assert!(is_asked(&browser.get(&authorize("third", &more)).await));
    let claims = r#"{"id_token":{"name":null}}"#;
    let by_name = [("scope", "openid email"), ("claims", claims)];
    assert!(
        is_asked(&browser.get(&authorize("third", &by_name)).await),
        "what is asked for by name is asked for"
    );
    let of_another = [wide, ("audience", "")];
    assert!(is_asked(&browser.get(&authorize("third", &of_another)).await), "another audience");
    assert!(is_asked(&browser.get(&authorize("third", &[wide, ("prompt", "consent")])).await));
    // What is allowed later is added to what was.
    let asked = browser.get(&authorize("third", &more)).await;
    say(&browser, &browser.follow(&asked).await, "yes").await.code();
    browser.get(&authorize("third", &[wide])).await.code();
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_not_remembered_and_one_person_does_not_speak_for_another() {
    let world = World::start().await;
    let browser = world.browser();
    let asked = world.ann(&browser, "third", &[]).await;
    say(&browser, &browser.follow(&asked).await, "no").await.sent_back("access_denied");
    assert!(is_asked(&browser.get(&authorize("third", &[])).await));
    let asked = browser.get(&authorize("third", &[])).await;
    say(&browser, &browser.follow(&asked).await, "yes").await.code();
    let bob = world.browser();
    let page = bob.follow(&bob.get(&authorize("third", &[])).await).await;
    assert!(is_asked(&bob.type_in(&page, "bob@example.test", "Correct-Horse-2").await));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_is_listed_and_taken_back_with_what_was_built_on_it() {
    let world = World::start().await;
    let browser = world.browser();
    let code = allowed(&world, &browser, &[("scope", "openid offline_access read:things")]).await.code();
    let tokens = exchange(&browser, &code).await;
    let own = world.exchange(&browser, &browser.get(&authorize("spa", &[])).await.code()).await.json();
    let token = world.administrator().await;
    let list = browser.get_as("/api/v2/grants?user_id=auth0%7Cann", &token).await.json();
    let id = list[0]["id"].as_str().unwrap();
    let expected = json!([{ "id": id, "clientID": "third", "user_id": "auth0|ann", "audience": "https://api.test/",
        "scope": ["openid", "offline_access", "read:things"] }]);
    assert_eq!(list, expected);
    assert_eq!(browser.get_as("/api/v2/grants?client_id=third", &token).await.json(), expected);
    assert_eq!(browser.get_as("/api/v2/grants?client_id=spa", &token).await.json(), json!([]));
    assert_eq!(browser.get_as("/api/v2/grants?user_id=auth0%7Cbob", &token).await.json(), json!([]));
    assert_eq!(browser.get_as("/api/v2/grants?include_totals=true", &token).await.json()["total"], 1);

    world.clock.advance_ms(2_000);
    let path = format!("/api/v2/grants/{id}");
    assert_eq!(browser.call("DELETE", &path, &token, Value::Null).await.status, 204);
    assert_eq!(browser.call("DELETE", &path, &token, Value::Null).await.status, 404);
    refresh(&browser, &tokens).await.refused(400, "invalid_grant");
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(browser.get_as("/userinfo", access).await.status, 401);
    assert!(is_asked(&browser.get(&authorize("third", &[])).await));
    // Whatever was given to other applications stays.
    assert_eq!(browser.get_as("/userinfo", own["access_token"].as_str().unwrap()).await.status, 200);
    // And what is allowed anew is good.
    let code = allowed_again(&browser).await.code();
    assert_eq!(refresh(&browser, &exchange(&browser, &code).await).await.status, 200);
    let all = "/api/v2/grants?user_id=auth0%7Cann";
    assert_eq!(browser.call("DELETE", all, &token, Value::Null).await.status, 204);
    assert_eq!(browser.get_as(all, &token).await.json(), json!([]));
    assert_eq!(browser.call("DELETE", "/api/v2/grants", &token, Value::Null).await.status, 400);
    world.stop().await;
}

async fn allowed_again(browser: &Browser) -> Answer {
    let asked = browser.get(&authorize("third", &[])).await;
    say(browser, &browser.follow(&asked).await, "yes").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_made_anew_under_an_old_id_has_nothing_of_the_old_one() {
    let world = World::start().await;
    let browser = world.browser();
    let code = allowed(&world, &browser, &[]).await.code();
    let tokens = exchange(&browser, &code).await;
    let waiting = browser.get(&authorize("third", &[])).await.code();
    let token = world.administrator().await;
    let client = browser.get_as("/api/v2/clients/third", &token).await.json();
    assert_eq!(browser.call("DELETE", "/api/v2/clients/third", &token, Value::Null).await.status, 204);
    world.clock.advance_ms(10_000);
    let mut again = json!({ "client_id": "third" });
    for name in
        ["name", "app_type", "token_endpoint_auth_method", "grant_types", "callbacks", "is_first_party"]
    {
        again[name] = client[name].clone();
    }
    assert_eq!(browser.call("POST", "/api/v2/clients", &token, again).await.status, 201);
    refresh(&browser, &tokens).await.refused(400, "invalid_grant");
    assert_eq!(exchange(&browser, &waiting).await["error"], "invalid_grant");
    assert_eq!(browser.get_as("/userinfo", tokens["access_token"].as_str().unwrap()).await.status, 401);
    assert!(is_asked(&browser.get(&authorize("third", &[])).await), "nobody consented to this one");
    world.stop().await;
}
