//! Dynamic registration (RFC 7591, RFC 7592): off unless the tenant wants it, bounded, held to the checks that hold
//! for administrators, and each client its own master only.

use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::world::{World, authorize, exchange_form};

const CALLBACK: &str = "https://new.test/cb";

/// A world in which anybody may register.
async fn open() -> (World, Browser) {
    let world = World::start().await;
    let browser = world.browser();
    let token = world.administrator().await;
    let flags = json!({ "flags": { "enable_dynamic_client_registration": true } });
    let answer = browser.call("PATCH", "/api/v2/tenants/settings", &token, flags).await;
    assert_eq!(answer.json()["flags"]["enable_dynamic_client_registration"], true, "{answer:?}");
    for _ in 0..200 {
        if registers(&world).await {
            return (world, browser);
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the flag is not known after two seconds");
}

async fn registers(world: &World) -> bool {
    let document = world.browser().get("/.well-known/openid-configuration").await.json();
    document.get("registration_endpoint") == Some(&json!("http://localhost:8080/oidc/register"))
}

async fn register(browser: &Browser, metadata: Value) -> Answer {
    browser.call("POST", "/oidc/register", "", metadata).await
}

/// Where a client manages itself, and its token.
fn of(client: &Value) -> (String, String) {
    let place = client["registration_client_uri"].as_str().unwrap();
    let token = client["registration_access_token"].as_str().unwrap().to_owned();
    (place.strip_prefix("http://localhost:8080").unwrap().to_owned(), token)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_registers_where_the_tenant_does_not_want_it() {
    let world = World::start().await;
    let browser = world.browser();
    register(&browser, json!({ "redirect_uris": [CALLBACK] })).await.refused(404, "invalid_request");
    browser.get_as("/oidc/register/spa", "ra_x").await.refused(404, "invalid_request");
    assert!(!registers(&world).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_registers_and_a_person_must_consent_to_it() {
    let (world, browser) = open().await;
    let answer = register(
        &browser,
        json!({ "redirect_uris": [CALLBACK], "client_name": "Newcomer", "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"], "contacts": ["ignored@new.test"] }),
    )
    .await;
    assert_eq!((answer.status, &answer.headers["cache-control"]), (201, &"no-store".parse().unwrap()));
    let client = answer.json();
    assert_eq!(client["client_name"], "Newcomer");
    assert_eq!(client["response_types"], json!(["code"]));
    assert_eq!(client["id_token_signed_response_alg"], "RS256");
    assert_eq!(client["client_id_issued_at"], world.clock.now().secs());
    assert!(client.get("client_secret").is_none() && client.get("contacts").is_none(), "{client}");

    let id = client["client_id"].as_str().unwrap();
    let own = [("redirect_uri", CALLBACK), ("scope", "openid email offline_access"), ("audience", "")];
    let page = browser.follow(&browser.get(&authorize(id, &own)).await).await;
    let asked = browser.type_in(&page, "ann", "Correct-Horse-1").await;
    assert!(asked.location().starts_with("/u/consent?"), "it is somebody else's: {asked:?}");
    let page = browser.follow(&asked).await;
    assert!(page.body.contains("Newcomer"));
    let code = browser.post("/u/consent", &[("state", &page.state()), ("answer", "yes")]).await.code();
    let mut form = exchange_form(&code);
    (form[1].1, form[3].1) = (id, CALLBACK);
    let tokens = browser.post("/oauth/token", &form).await.json();
    assert!(tokens["id_token"].is_string() && tokens["refresh_token"].is_string(), "{tokens}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confidential_one_gets_a_secret_once() {
    let (world, browser) = open().await;
    let client = register(&browser, json!({ "redirect_uris": [CALLBACK] })).await.json();
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(client["client_secret_expires_at"], 0);
    assert!(client["client_secret"].as_str().unwrap().len() >= 43);
    let (place, token) = of(&client);
    let shown = browser.get_as(&place, &token).await.json();
    assert!(shown.get("client_secret").is_none(), "{shown}");
    assert_eq!((&shown["client_id"], of(&shown)), (&client["client_id"], (place, token)));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_replaced_and_removed_by_itself() {
    let (world, browser) = open().await;
    let client =
        register(&browser, json!({ "redirect_uris": [CALLBACK], "client_name": "Before" })).await.json();
    let (place, token) = of(&client);
    let put = async |body: Value| browser.call("PUT", &place, &token, body).await;
    put(json!({ "redirect_uris": [CALLBACK] })).await.refused(400, "invalid_client_metadata");
    let (id, secret) = (&client["client_id"], &client["client_secret"]);
    let wrong = json!({ "client_id": id, "client_secret": "wrong", "redirect_uris": [CALLBACK] });
    put(wrong).await.refused(400, "invalid_client_metadata");
    let evil = json!({ "client_id": id, "redirect_uris": ["javascript:alert(1)"] });
    put(evil).await.refused(400, "invalid_redirect_uri");
    let after = json!({ "client_id": id, "client_secret": secret, "redirect_uris": ["https://new.test/other"],
        "application_type": "web", "token_endpoint_auth_method": "client_secret_post" });
    let changed = put(after).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.json()["redirect_uris"], json!(["https://new.test/other"]));
    assert_ne!(changed.json()["client_name"], "Before", "what is left out takes its default");
    let form =
        [("client_id", id.as_str().unwrap()), ("client_secret", secret.as_str().unwrap()), ("token", "x")];
    assert_eq!(browser.post("/oauth/introspect", &form).await.status, 200, "the secret stays");
    assert_eq!(browser.call("DELETE", &place, &token, Value::Null).await.status, 204);
    browser.get_as(&place, &token).await.refused(401, "invalid_token");
    browser.post("/oauth/introspect", &form).await.refused(401, "invalid_client");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_its_own_client_only() {
    let (world, browser) = open().await;
    let metadata = || json!({ "redirect_uris": [CALLBACK] });
    let (one, other) =
        (register(&browser, metadata()).await.json(), register(&browser, metadata()).await.json());
    let ((place, token), (_, others)) = (of(&one), of(&other));
    let administrator = world.administrator().await;
    for bad in ["", "ra_x", &others, &administrator, &token[3..], &format!("{token}A")] {
        browser.get_as(&place, bad).await.refused(401, "invalid_token");
        browser.call("PUT", &place, bad, metadata()).await.refused(401, "invalid_token");
        browser.call("DELETE", &place, bad, Value::Null).await.refused(401, "invalid_token");
    }
    browser.get_as("/oidc/register/spa", &token).await.refused(401, "invalid_token");
    // An application that the tenant has made its own is no longer in a stranger's hands.
    let id = one["client_id"].as_str().unwrap();
    let own = json!({ "is_first_party": true });
    let path = format!("/api/v2/clients/{id}");
    assert_eq!(browser.call("PATCH", &path, &administrator, own).await.status, 200);
    browser.get_as(&place, &token).await.refused(401, "invalid_token");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_registered_is_named() {
    let (world, browser) = open().await;
    let (metadata, redirect) = ("invalid_client_metadata", "invalid_redirect_uri");
    let with = |name: &str, value: Value| {
        let mut body = json!({ "redirect_uris": [CALLBACK] });
        body[name] = value;
        body
    };
    for (body, code) in [
        (json!({}), redirect),
        (with("redirect_uris", json!("https://new.test/cb")), redirect),
        (with("redirect_uris", json!(["http://new.test/cb"])), redirect),
        (with("redirect_uris", json!(["https://new.test/cb#fragment"])), redirect),
        (with("redirect_uris", json!(["https://*.new.test/cb"])), redirect),
        (with("redirect_uris", json!(["https://user@new.test/cb"])), redirect),
        (with("redirect_uris", json!(["data:text/html,x"])), redirect),
        (with("redirect_uris", json!(["com.example.app:/cb"])), redirect),
        (with("grant_types", json!(["password"])), metadata),
        (with("grant_types", json!(["client_credentials"])), metadata),
        (with("grant_types", json!(["nonsense"])), metadata),
        (with("grant_types", json!(["implicit"])), metadata),
        (with("response_types", json!(["id_token"])), metadata),
        (with("response_types", json!(["code code"])), metadata),
        (with("token_endpoint_auth_method", json!("client_secret_jwt")), metadata),
        (with("token_endpoint_auth_method", json!("private_key_jwt")), metadata),
        (with("jwks", json!({ "keys": [{ "kty": "oct", "k": "x" }] })), metadata),
        (with("jwks_uri", json!("https://new.test/jwks")), metadata),
        (with("client_name", json!("<script>")), metadata),
        (with("subject_type", json!("pairwise")), metadata),
        (with("application_type", json!("toaster")), metadata),
        (with("id_token_signed_response_alg", json!("none")), metadata),
        (with("require_signed_request_object", json!(true)), metadata),
        (with("software_statement", json!("x.y.z")), "invalid_software_statement"),
        (json!([]), metadata),
    ] {
        let answer = register(&browser, body.clone()).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &code.into()), "{body}: {answer:?}");
    }
    browser.post("/oidc/register", &[("redirect_uris", CALLBACK)]).await.refused(415, "invalid_request");
    assert_eq!(browser.get("/oidc/register").await.status, 405);
    let native = json!({ "redirect_uris": ["com.example.new:/cb"], "application_type": "native" });
    assert_eq!(register(&browser, native).await.json()["token_endpoint_auth_method"], "none");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_register_so_many_and_no_more() {
    let (world, browser) = open().await;
    let before =
        world.engine().store().count(&"default".into(), jeton::model::record::Kind::Client).await.unwrap();
    let mut made = 0;
    let refused = loop {
        let answer = register(&browser, json!({ "redirect_uris": [CALLBACK] })).await;
        if answer.status != 201 {
            break answer;
        }
        made += 1;
    };
    assert_eq!(made, 40.min(60 - before), "{refused:?}");
    refused.refused(429, "too_many_requests");
    assert_eq!(refused.headers["retry-after"], "3600");
    let after =
        world.engine().store().count(&"default".into(), jeton::model::record::Kind::Client).await.unwrap();
    assert_eq!(after, before + made);
    world.stop().await;
}
