//! Who may come in, and what a wrong request is told.

use reqwest::Method;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_token_for_this_api_with_the_scope_is_needed() {
    let world = World::start().await;
    world.get("/clients").await.with(200);

    let nobody = world.send(world.anonymous(Method::GET, "/clients")).await;
    assert_eq!(nobody.refused(401, "invalid_token"), "Missing authentication");
    let nonsense = world.send(world.anonymous(Method::GET, "/clients").bearer_auth("a.b.c")).await;
    assert_eq!(nonsense.refused(401, "invalid_token"), "Invalid token");

    let reader = world.admin_token(&[("scope", "read:clients")]).await.text("access_token");
    let send = |method, path| world.send(world.anonymous(method, path).bearer_auth(&reader));
    send(Method::GET, "/clients").await.with(200);
    let message = send(Method::DELETE, "/clients/admin").await.refused(403, "insufficient_scope");
    assert_eq!(message, "Insufficient scope, expected any of: delete:clients");

    world.clock.advance_ms(86_401_000);
    world.get("/clients").await.refused(401, "invalid_token");
    world.stop().await;
}

#[tokio::test]
async fn the_alias_names_the_same_api_and_other_audiences_do_not() {
    let world = World::start().await;
    let token = world.admin_token(&[("audience", "urn:jeton:management")]).await.text("access_token");
    let call = |token: String| world.send(world.anonymous(Method::GET, "/clients").bearer_auth(token));
    call(token).await.with(200);

    let api = json!({ "identifier": "https://api.test/", "scopes": [{ "value": "read:clients" }] });
    world.made("/resource-servers", api, "id").await;
    let grant = json!({ "client_id": "admin", "audience": "https://api.test/", "scope": ["read:clients"] });
    world.made("/client-grants", grant, "id").await;
    let token = world.admin_token(&[("audience", "https://api.test/")]).await.text("access_token");
    call(token).await.refused(401, "invalid_token");
    world.stop().await;
}

#[tokio::test]
async fn a_person_is_no_administrator_whatever_an_application_asks_for() {
    let world = World::start().await;
    let ann = world.with_ann().await;
    let audience = format!("{}api/v2/", world.issuer());
    let scope = "openid offline_access read:clients update:users delete:clients";
    let form = [
        ("grant_type", "password"),
        ("client_id", "app"),
        ("username", "ann@example.test"),
        ("password", "Correct-Horse-1"),
        ("audience", &audience),
        ("scope", scope),
    ];
    let login = world.token(&form).await.with(200);
    let granted = login["scope"].as_str().unwrap_or_default();
    assert!(!granted.contains(':') && login.get("refresh_token").is_none(), "{login}");
    let as_ann = |login: &serde_json::Value| {
        let token = login["access_token"].as_str().unwrap().to_owned();
        world.send(world.anonymous(Method::GET, "/clients").bearer_auth(token))
    };
    as_ann(&login).await.refused(401, "invalid_token");

    // Not even with the permission: whoever may give permissions would be able to give themselves all of them.
    let permission = json!({ "resource_server_identifier": audience, "permission_name": "read:clients" });
    let path = format!("/users/{}/permissions", crate::world::encoded(&ann));
    world.post(&path, json!({ "permissions": [permission] })).await.with(201);
    let login = world.token(&form).await.with(200);
    assert!(login["scope"].as_str().is_some_and(|granted| granted.contains("read:clients")), "{login}");
    as_ann(&login).await.refused(401, "invalid_token");
    world.stop().await;
}

#[tokio::test]
async fn a_scope_taken_from_the_grant_is_gone_at_once() {
    let world = World::start().await;
    let made = json!({ "client_id": "job", "name": "Job", "app_type": "non_interactive" });
    let secret = world.post("/clients", made).await.text("client_secret");
    let audience = format!("{}api/v2/", world.issuer());
    let grant = json!({ "client_id": "job", "audience": audience, "scope": ["read:clients", "read:users"] });
    let grant = world.made("/client-grants", grant, "id").await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "job"),
        ("client_secret", &secret),
        ("audience", &audience),
    ];
    let token = world.token(&form).await.text("access_token");
    let call = |path| world.send(world.anonymous(Method::GET, path).bearer_auth(&token));
    call("/clients").await.with(200);
    world.patch(&format!("/client-grants/{grant}"), json!({ "scope": ["read:users"] })).await.with(200);
    call("/clients").await.refused(403, "insufficient_scope");
    call("/users").await.with(200);
    world.delete(&format!("/client-grants/{grant}")).await.with(204);
    call("/users").await.refused(403, "insufficient_scope");
    world.stop().await;
}

#[tokio::test]
async fn wrong_requests_are_told_what_is_wrong() {
    let world = World::start().await;
    world.get("/nothing").await.refused(404, "not_found");
    for id in ["%0C", "%FF", "%zz", "%"] {
        world.patch(&format!("/users/{id}"), json!({})).await.refused(404, "not_found");
    }
    let wrong = world.put("/clients", json!({})).await;
    wrong.refused(405, "method_not_allowed");
    assert_eq!(wrong.headers["allow"], "GET, POST");
    let message = world.get("/clients?colour=red").await.refused(400, "invalid_query_string");
    assert!(message.contains("Additional properties not allowed: colour"), "{message}");
    for query in ["per_page=0", "per_page=101", "per_page=x", "include_totals=1", "page=1&page=2", "from=%00"]
    {
        world.get(&format!("/clients?{query}")).await.refused(400, "invalid_query_string");
    }
    world.get("/clients?page=20&per_page=100").await.refused(400, "invalid_query_string");

    let request = world.request(Method::POST, "/clients").header("content-type", "text/plain").body("{}");
    world.send(request).await.refused(415, "unsupported_media_type");
    for body in ["[1]", "{", "", "null"] {
        let request = world.request(Method::POST, "/clients").header("content-type", "application/json");
        world.send(request.body(body)).await.refused(400, "invalid_body");
    }
    world.stop().await;
}
