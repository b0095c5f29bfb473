//! What newcomers say about themselves at Auth0's own endpoint is theirs from the first login on, by whichever way
//! the account is made.

use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::world::{World, authorize, claims};

const CONNECTION: &str = "Username-Password-Authentication";
const NEW: &str = "new@example.test";
const PASSWORD: &str = "Battery-Staple-9";
const PATH: &str = "/dbconnections/signup";
const PROFILE: [&str; 6] = ["name", "given_name", "family_name", "nickname", "picture", "phone_number"];

fn about() -> Value {
    json!({ "name": "Zoë Q. Newcomer", "given_name": "Zoë", "family_name": "Newcomer", "nickname": "zo",
        "picture": "https://cdn.test/zoe.png", "phone_number": "+491701234567", "user_metadata": { "plan": "silver", "hops": "", "ünï": "\"7\"" } })
}

fn signup(email: &str, more: &Value) -> Value {
    let mut body =
        json!({ "client_id": "spa", "connection": CONNECTION, "email": email, "password": PASSWORD });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn sign_up(browser: &Browser, email: &str, more: &Value) -> Answer {
    browser.post_json(PATH, &signup(email, more)).await
}

/// The same as a form, with objects as JSON text.
async fn post(browser: &Browser, body: &Value) -> Answer {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs: Vec<_> =
        body.as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect();
    browser.post_pairs(PATH, &pairs).await
}

/// The claims of an ID token for `scope`, and what `/userinfo` says.
async fn logged_in(world: &World, scope: &str) -> (Value, Value) {
    let browser = world.browser();
    let page = browser.follow(&browser.get(&authorize("spa", &[("scope", scope)])).await).await;
    let back = browser.type_in(&page, NEW, PASSWORD).await;
    let tokens = world.exchange(&browser, &back.code()).await.json();
    let userinfo = browser.get_as("/userinfo", tokens["access_token"].as_str().unwrap()).await;
    (claims(&tokens["id_token"]), userinfo.json())
}

/// The user as the management API shows it.
async fn managed(world: &World, id: &str) -> Value {
    let path = format!("/api/v2/users/{}", id.replace('|', "%7C"));
    world.browser().call("GET", &path, &world.administrator().await, Value::Null).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_arrives_as_the_management_api_would_write_it() {
    let world = World::start().await;
    let browser = world.browser();
    let made = sign_up(&browser, "New@Example.test", &about()).await.json();
    let mut shown = about();
    shown["_id"] = made["_id"].clone();
    shown["email"] = NEW.into();
    shown["email_verified"] = false.into();
    assert_eq!(made, shown);
    let form = post(&browser, &signup("form@example.test", &about())).await.json();
    assert_eq!(form["user_metadata"], about()["user_metadata"]);

    let mut draft = about();
    draft["connection"] = CONNECTION.into();
    draft["email"] = "managed@example.test".into();
    let token = world.administrator().await;
    let theirs = browser.call("POST", "/api/v2/users", &token, draft).await.json();
    for made in [&made, &form] {
        let own = managed(&world, &format!("auth0|{}", made["_id"].as_str().unwrap())).await;
        for field in PROFILE.into_iter().chain(["user_metadata", "app_metadata"]) {
            assert_eq!(own[field], theirs[field], "{field}");
        }
    }
    let (id, userinfo) = logged_in(&world, "openid profile phone").await;
    for field in PROFILE {
        assert_eq!((&id[field], &userinfo[field]), (&about()[field], &about()[field]), "{field}");
    }
    let (id, userinfo) = logged_in(&world, "openid email").await;
    for field in PROFILE {
        assert!(id[field].is_null() && userinfo[field].is_null(), "{field} was not asked for");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_that_waits_for_its_link_keeps_the_profile() {
    let world = World::start().await;
    world.change(json!({ "settings": { "signup_requires_verification": true } })).await;
    let browser = world.browser();
    // As much as Auth0 takes; the link must still arrive.
    let mut most = about();
    most["picture"] = format!("https://cdn.test/{}", "p".repeat(2031)).into();
    for (name, length) in [("name", 300), ("given_name", 150), ("family_name", 150), ("nickname", 300)] {
        most[name] = name[..1].repeat(length).into();
    }
    let pairs = (0..10).map(|nth| (format!("{nth:0100}"), Value::from("v".repeat(500))));
    most["user_metadata"] = Value::Object(pairs.collect());
    let taken = sign_up(&browser, "ann@example.test", &most).await;
    world.messages(1).await;
    let free = sign_up(&browser, NEW, &most).await;
    for (answer, email) in [(&taken, "ann@example.test"), (&free, NEW)] {
        let mut shown = most.clone();
        shown["_id"] = answer.json()["_id"].clone();
        shown["email"] = email.into();
        shown["email_verified"] = false.into();
        assert_eq!(answer.json(), shown);
    }
    let ticket = browser.get(&world.links(2).await[1]).await.hidden("ticket").unwrap();
    let welcome = browser.post("/u/welcome", &[("ticket", &ticket)]).await;
    assert!(welcome.body.contains("Your account is ready"), "{welcome:?}");
    let (id, userinfo) = logged_in(&world, "openid profile email phone").await;
    let own = managed(&world, id["sub"].as_str().unwrap()).await;
    for field in PROFILE {
        assert_eq!((&id[field], &userinfo[field]), (&most[field], &most[field]), "{field}");
    }
    assert_eq!((&own["user_metadata"], &own["email_verified"]), (&most["user_metadata"], &json!(true)));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_link_could_carry_is_refused_whoever_has_the_address() {
    let world = World::start_with(|config, _| config.mail.signup_bytes_max = 1024).await;
    let browser = world.browser();
    let weighty =
        |length: usize| json!({ "user_metadata": { "a": "é".repeat(length), "b": "é".repeat(100) } });
    assert_eq!(
        sign_up(&browser, "now@example.test", &weighty(500)).await.status,
        200,
        "there is no such link"
    );
    world.messages(1).await;
    world.change(json!({ "settings": { "signup_requires_verification": true } })).await;
    let (taken, free) = ("ann@example.test", NEW);
    let refused =
        [sign_up(&browser, taken, &weighty(500)).await, sign_up(&browser, free, &weighty(500)).await];
    refused[0].refused(400, "invalid_request");
    assert_eq!(refused[0].body, refused[1].body);
    assert!(refused[0].body.contains("expected at most 1024 bytes"), "{refused:?}");
    assert_eq!(sign_up(&browser, free, &weighty(350)).await.status, 200);
    world.messages(2).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_malformed_is_named_and_uses_nothing_up() {
    let world = World::start().await;
    let stage = json!({ "pre-user-registration": { "max_attempts": 1, "rate": 60_000 } });
    world.change(json!({ "attack_protection": { "suspicious_ip_throttling": { "stage": stage } } })).await;
    let browser = world.browser();
    let many: Value =
        (0..11).map(|nth| (nth.to_string(), Value::from("x"))).collect::<serde_json::Map<_, _>>().into();
    let before = world.hashes();
    for (more, place) in [
        (json!({ "given_name": "x".repeat(151) }), "given_name"),
        (json!({ "family_name": "a\u{7}b" }), "family_name"),
        (json!({ "name": "x".repeat(301) }), "name"),
        (json!({ "nickname": "x".repeat(301) }), "nickname"),
        (json!({ "picture": "javascript:alert(1)" }), "picture"),
        (json!({ "user_metadata": many }), "user_metadata"),
        (json!({ "user_metadata": { "x".repeat(101): "v" } }), "user_metadata"),
        (json!({ "user_metadata": { "k": "x".repeat(501) } }), "user_metadata"),
        (json!({ "user_metadata": { "k": 7 } }), "k"),
        (json!({ "user_metadata": { "k": null } }), "k"),
        (json!({ "user_metadata": { "k": { "deep": "v" } } }), "k"),
        (json!({ "user_metadata": ["k"] }), "user_metadata"),
        (json!({ "user_metadata": "silver" }), "user_metadata"),
        (json!({ "user_metadata": true }), "user_metadata"),
    ] {
        let body = signup(NEW, &more);
        for answer in [browser.post_json(PATH, &body).await, post(&browser, &body).await] {
            answer.refused(400, "invalid_request");
            let told = answer.json()["error_description"].as_str().unwrap().to_owned();
            assert!(told.contains(place), "{more}: {told}");
        }
    }
    let list = sign_up(&browser, NEW, &json!({ "nickname": ["x"] })).await;
    list.refused(400, "invalid_request");
    let twice = signup(NEW, &json!({ "user_metadata": { "k": "v" } })).to_string();
    let twice = twice.replace(r#"{"k":"v"}"#, r#"{"k":"v","k":"w"}"#);
    browser.post_text(PATH, "application/json", &twice).await.refused(400, "invalid_request");
    assert_eq!(world.hashes(), before);
    assert!(world.messages(0).await.is_empty());
    assert_eq!(
        sign_up(&browser, NEW, &json!({ "user_metadata": null })).await.status,
        200,
        "the one that there was"
    );
    sign_up(&browser, "other@example.test", &json!({})).await.refused(429, "too_many_requests");
    world.stop().await;
}
