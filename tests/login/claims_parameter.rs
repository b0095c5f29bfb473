//! The `claims` and `acr_values` parameters: claims by name, demands on who answers and how.

use serde_json::Value;

use crate::browser::{Answer, Browser};
use crate::world::{World, authorize, claims, exchange_form};

/// Logs Ann in and exchanges the code.
async fn tokens(world: &World, browser: &Browser, more: &[(&str, &str)]) -> Value {
    let code = world.ann(browser, "spa", more).await.code();
    let answer = browser.post("/oauth/token", &exchange_form(&code)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn userinfo(browser: &Browser, tokens: &Value) -> Answer {
    browser.get_as("/userinfo", tokens["access_token"].as_str().unwrap()).await
}

const ONLY: (&str, &str) = ("scope", "openid offline_access");

#[tokio::test(flavor = "multi_thread")]
async fn claims_come_by_name_where_they_were_asked_for() {
    let world = World::start().await;
    let browser = world.browser();
    let wanted = r#"{"id_token":{"email":{"essential":true},"website":null,"nonsense":null},"userinfo":{"name":null}}"#;
    let tokens = tokens(&world, &browser, &[ONLY, ("claims", wanted)]).await;
    let id = claims(&tokens["id_token"]);
    assert_eq!(id["email"], "ann@example.test");
    assert!(
        id.get("name").is_none() && id.get("email_verified").is_none() && id.get("acr").is_none(),
        "{id}"
    );
    let person = userinfo(&browser, &tokens).await.json();
    assert_eq!(person["name"], "Ann Example");
    assert!(person.get("email").is_none(), "{person}");

    // What was asked for once is asked for in every refresh.
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", refresh)];
    let refreshed = browser.post("/oauth/token", &form).await.json();
    assert_eq!(claims(&refreshed["id_token"])["email"], "ann@example.test");
    assert_eq!(userinfo(&browser, &refreshed).await.json()["name"], "Ann Example");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_parameter_nothing_is_added() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = tokens(&world, &browser, &[ONLY]).await;
    assert!(claims(&tokens["id_token"]).get("email").is_none());
    assert!(claims(&tokens["access_token"]).get("userinfo_claims").is_none());
    assert_eq!(userinfo(&browser, &tokens).await.json().as_object().unwrap().len(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_class_of_the_login_is_told_where_it_was_asked_for() {
    let world = World::start().await;
    let browser = world.browser();
    let wanted = r#"{"id_token":{"acr":{"essential":true,"values":["urn:other","urn:jeton:acr:pwd"]},"auth_time":null}}"#;
    let essential = tokens(&world, &browser, &[ONLY, ("claims", wanted)]).await;
    let id = claims(&essential["id_token"]);
    assert_eq!((&id["acr"], &id["amr"]), (&"urn:jeton:acr:pwd".into(), &serde_json::json!(["pwd"])));
    assert_eq!(id["auth_time"], world.clock.now().secs());

    let multi_factor = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";
    let answer = browser.get(&authorize("spa", &[("acr_values", multi_factor)])).await;
    let voluntary = browser.post("/oauth/token", &exchange_form(&answer.code())).await.json();
    assert_eq!(claims(&voluntary["id_token"])["acr"], "urn:jeton:acr:pwd", "voluntary: told what was done");
    let text = format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{multi_factor}"}}}}}}"#);
    let answer = browser.get(&authorize("spa", &[("claims", &text)])).await;
    answer.sent_back("unmet_authentication_requirements");
    // There is such a class, and this login is not of it.
    let otp = text.replace(multi_factor, "urn:jeton:acr:otp");
    browser.get(&authorize("spa", &[("claims", &otp)])).await.sent_back("unmet_authentication_requirements");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demanded_subject_is_the_only_one_who_may_answer() {
    let world = World::start().await;
    let browser = world.browser();
    world.ann(&browser, "spa", &[]).await.code();
    let demand = |sub: &str| format!(r#"{{"id_token":{{"sub":{{"value":"{sub}"}}}}}}"#);
    let ann = demand("auth0|ann");
    browser.get(&authorize("spa", &[("claims", &ann), ("prompt", "none")])).await.code();
    let bob = demand("auth0|bob");
    browser.get(&authorize("spa", &[("claims", &bob), ("prompt", "none")])).await.sent_back("login_required");
    let page = browser.follow(&browser.get(&authorize("spa", &[("claims", &bob)])).await).await;
    let again = browser.type_in(&page, "ann", "Correct-Horse-1").await;
    assert!(again.location().starts_with("/u/login?"), "Ann is not Bob: {again:?}");
    let page = browser.follow(&again).await;
    browser.type_in(&page, "bob@example.test", "Correct-Horse-2").await.code();
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_and_oversized_requests_are_refused() {
    let world = World::start().await;
    let browser = world.browser();
    let long = format!(r#"{{"id_token":{{"{}":null}}}}"#, "x".repeat(4096));
    for bad in ["{", "[]", "null", "7", r#"{"userinfo":[]}"#, r#"{"id_token":{"email":1}}"#, &long] {
        browser.get(&authorize("spa", &[("claims", bad)])).await.sent_back("invalid_request");
    }
    world.stop().await;
}
