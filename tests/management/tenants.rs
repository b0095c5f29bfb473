//! Tenants, made and removed by the operator's own one.

use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::world::World;

async fn at(world: &World, host: &str, token: &str, method: Method, path: &str) -> Answer {
    world.send(world.anonymous_at(host, method, path).bearer_auth(token)).await
}

#[tokio::test]
async fn a_new_tenant_is_usable_at_once_by_its_own_administrator() {
    let world = World::start().await;
    let made = world.post("/tenants", json!({ "id": "acme", "friendly_name": "Acme" })).await.with(201);
    assert_eq!((&made["domain"], &made["status"]), (&json!("acme.localhost"), &json!("active")));
    let token = world.administrator(&made).await;
    let get = |path: &'static str| at(&world, "acme.localhost", &token, Method::GET, path);
    assert_eq!(get("/tenants/settings").await.with(200)["friendly_name"], "Acme");
    assert_eq!(get("/connections").await.all("name"), ["Username-Password-Authentication"]);
    assert!(get("/keys/signing").await.with(200).as_array().is_some_and(|keys| !keys.is_empty()));
    let user = json!({ "connection": "Username-Password-Authentication", "email": "a@example.test",
        "password": "Correct-Horse-1" });
    let create = world.anonymous_at("acme.localhost", Method::POST, "/users").bearer_auth(&token).json(&user);
    world.send(create).await.with(201);
    assert!(world.get("/users").await.all("user_id").is_empty());

    let shown = world.get("/tenants/acme").await.with(200);
    assert!(shown.get("management_client").is_none(), "{shown}");
    world.post("/tenants", json!({ "id": "acme" })).await.refused(409, "resource_conflict");
    world.stop().await;
}

#[tokio::test]
async fn nobody_else_sees_that_there_are_tenants() {
    let world = World::start().await;
    let made = world.post("/tenants", json!({ "id": "acme" })).await.with(201);
    let token = world.administrator(&made).await;
    let call = |method, path: &'static str| at(&world, "acme.localhost", &token, method, path);
    for path in ["/tenants", "/tenants/acme", "/tenants/default"] {
        call(Method::GET, path).await.refused(404, "not_found");
        call(Method::DELETE, path).await.refused(404, "not_found");
    }
    call(Method::POST, "/tenants").await.refused(404, "not_found");
    let document = call(Method::GET, "/openapi.json").await.with(200);
    assert!(document["paths"].get("/tenants").is_none() && document["paths"]["/clients"].is_object());
    let own = world.get("/openapi.json").await.with(200);
    assert!(own["paths"]["/tenants"].is_object());

    // Whoever gives themselves the scope gains nothing by it.
    let servers = call(Method::GET, "/resource-servers").await.with(200);
    assert!(!servers.to_string().contains("create:tenants"), "{servers}");
    let path = format!("/resource-servers/{}", servers[0]["id"].as_str().unwrap());
    let scopes = json!({ "scopes": [{ "value": "read:tenants" }, { "value": "delete:tenants" }] });
    let request =
        world.anonymous_at("acme.localhost", Method::PATCH, &path).bearer_auth(&token).json(&scopes);
    world.send(request).await;
    call(Method::GET, "/tenants").await.refused(404, "not_found");

    // A token of one tenant is none of the other, whatever host it is taken to.
    at(&world, "localhost", &token, Method::GET, "/tenants").await.refused(401, "invalid_token");
    let ours = world.request_at("acme.localhost", Method::GET, "/clients");
    world.send(ours).await.refused(401, "invalid_token");
    // And not every token of the operator's may.
    let reader = world.admin_token(&[("scope", "read:clients")]).await.text("access_token");
    at(&world, "localhost", &reader, Method::GET, "/tenants").await.refused(403, "insufficient_scope");
    world.stop().await;
}

#[tokio::test]
async fn ids_are_host_labels_and_some_are_reserved() {
    let world = World::start().await;
    let long = "a".repeat(64);
    for id in ["", "Acme", "-a", "a-", "a.b", "a_b", "ä", "@system", &long, "www", "settings", "admin"] {
        let message = world.post("/tenants", json!({ "id": id })).await.refused(400, "invalid_body");
        assert!(message.contains("id: "), "{id}: {message}");
    }
    for (body, what) in [
        (json!({}), "Missing required property: id"),
        (json!({ "id": 1 }), "on property id"),
        (json!({ "id": "a", "colour": "red" }), "not allowed: colour"),
        (json!({ "id": "a", "enabled": true }), "not allowed: enabled"),
    ] {
        let message = world.post("/tenants", body).await.refused(400, "invalid_body");
        assert!(message.contains(what), "{message}");
    }
    for path in ["/tenants/nosuch", "/tenants/@system", "/tenants/settings"] {
        world.delete(path).await.refused(404, "inexistent_resource");
    }
    world.delete("/tenants/default").await.refused(409, "resource_conflict");
    world.patch("/tenants/default", json!({ "enabled": false })).await.refused(409, "resource_conflict");
    world.stop().await;
}

#[tokio::test]
async fn of_two_that_create_at_once_one_does() {
    let world = World::start().await;
    let create = || world.post("/tenants", json!({ "id": "race" }));
    let (a, b, c) = tokio::join!(create(), create(), create());
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
    world.stop().await;
}

#[tokio::test]
async fn tenants_are_listed_both_ways_and_can_be_switched_off() {
    let world = World::start().await;
    for id in ["c3", "a1", "b2"] {
        world.post("/tenants", json!({ "id": id })).await.with(201);
    }
    assert_eq!(world.get("/tenants").await.all("id"), ["a1", "b2", "c3", "default"]);
    let page = world.get("/tenants?page=1&per_page=2&include_totals=true&fields=id").await.with(200);
    assert_eq!(
        (&page["total"], &page["tenants"]),
        (&json!(4), &json!([{ "id": "c3" }, { "id": "default" }]))
    );
    let first = world.get("/tenants?take=3").await.with(200);
    let next =
        world.get(&format!("/tenants?take=3&from={}", first["next"].as_str().unwrap())).await.with(200);
    assert_eq!(
        (first["tenants"].as_array().unwrap().len(), &next["tenants"][0]["id"]),
        (3, &json!("default"))
    );

    let off = world.patch("/tenants/b2", json!({ "enabled": false })).await.with(200);
    assert_eq!(off["status"], "disabled");
    let call = || world.send(world.anonymous_at("b2.localhost", Method::GET, "/clients"));
    assert_eq!(call().await.status, 404);
    world.patch("/tenants/b2", json!({ "enabled": true, "friendly_name": "B" })).await.with(200);
    assert_eq!(call().await.status, 401);
    let stale = world.request(Method::PATCH, "/tenants/b2").header("if-match", "\"1\"").json(&json!({}));
    world.send(stale).await.refused(412, "precondition_failed");
    world.stop().await;
}

#[tokio::test]
async fn a_deleted_tenant_is_gone_at_once_and_leaves_nothing_behind() {
    let world = World::start().await;
    let before = world.entries();
    let made = world.post("/tenants", json!({ "id": "gone" })).await.with(201);
    let token = world.administrator(&made).await;
    furnish(&world, &token).await;
    let form = login_form();
    let login = world.token_at("gone.localhost", &form).await.with(200);
    let refresh_token = login["refresh_token"].as_str().unwrap().to_owned();
    // What was done is logged a moment later, in order; the login came last.
    for _ in 0..500 {
        let types = at(&world, "gone.localhost", &token, Method::GET, "/logs").await.all("type");
        if types.iter().any(|kind| kind == "sepft") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }

    assert_eq!(world.delete("/tenants/gone").await.status, 202);
    // At once, whatever is still being removed.
    assert_eq!(at(&world, "gone.localhost", &token, Method::GET, "/clients").await.status, 404);
    let refresh =
        [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh_token.as_str())];
    assert_eq!(world.token_at("gone.localhost", &refresh).await.status, 404);
    world.eventually("/tenants/gone", 404).await;
    // The tenant goes last but for its names, which are given up a moment later.
    for _ in 0..200 {
        if world.entries().kept == before.kept {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(world.entries().kept, before.kept);

    // The name is free, and nothing of the old tenant opens the new one.
    let again = world.post("/tenants", json!({ "id": "gone" })).await.with(201);
    at(&world, "gone.localhost", &token, Method::GET, "/clients").await.refused(401, "invalid_token");
    let fresh = world.administrator(&again).await;
    let clients = at(&world, "gone.localhost", &fresh, Method::GET, "/clients").await;
    assert_eq!(clients.all("name"), ["Management"]);
    assert!(at(&world, "gone.localhost", &fresh, Method::GET, "/users").await.all("user_id").is_empty());
    assert!(at(&world, "gone.localhost", &fresh, Method::GET, "/logs").await.all("log_id").is_empty());
    assert_eq!(world.token_at("gone.localhost", &form).await.status, 401);
    // Not even when application and person have the same names again.
    furnish(&world, &fresh).await;
    let refused = world.token_at("gone.localhost", &refresh).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_grant")));
    world.token_at("gone.localhost", &form).await.with(200);
    world.stop().await;
}

#[tokio::test]
async fn a_removal_that_was_interrupted_goes_on() {
    let world = World::start().await;
    let made = world.post("/tenants", json!({ "id": "gone" })).await.with(201);
    let token = world.administrator(&made).await;
    furnish(&world, &token).await;
    // What a crash leaves behind: disabled, and nothing removed yet.
    let registrar = jeton::engine::registrar::registrar(world.engine());
    registrar.retire_tenant(&"gone".into()).await.unwrap();
    let world = world.restarted().await;
    assert_eq!(at(&world, "gone.localhost", &token, Method::GET, "/clients").await.status, 404);
    world.eventually("/tenants/gone", 404).await;

    // Asking again does the same as starting again.
    world.post("/tenants", json!({ "id": "again" })).await.with(201);
    let registrar = jeton::engine::registrar::registrar(world.engine());
    registrar.retire_tenant(&"again".into()).await.unwrap();
    assert_eq!(world.get("/tenants/again").await.with(200)["status"], "deleting");
    world.patch("/tenants/again", json!({ "enabled": true })).await.refused(409, "resource_conflict");
    world.post("/tenants", json!({ "id": "again" })).await.refused(409, "resource_conflict");
    assert_eq!(world.delete("/tenants/again").await.status, 202);
    world.eventually("/tenants/again", 404).await;
    world.stop().await;
}

fn login_form() -> [(&'static str, &'static str); 5] {
    [
        ("grant_type", "password"),
        ("client_id", "app"),
        ("username", "u1@example.test"),
        ("password", "Correct-Horse-1"),
        ("scope", "openid offline_access"),
    ]
}

/// Something of every kind, in the tenant called `gone`.
async fn furnish(world: &World, token: &str) {
    let post = async |path: &str, body: Value| {
        let request = world.anonymous_at("gone.localhost", Method::POST, path).bearer_auth(token).json(&body);
        let answer = world.send(request).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    };
    let api = json!({ "identifier": "https://api.test/", "name": "Things", "allow_offline_access": true,
        "scopes": [{ "value": "read:things" }] });
    post("/resource-servers", api).await;
    let app = json!({ "client_id": "app", "name": "App", "app_type": "native",
        "grant_types": ["password", "refresh_token"] });
    post("/clients", app).await;
    let role = post("/roles", json!({ "name": "reader" })).await["id"].clone();
    let organization = post("/organizations", json!({ "name": "org" })).await["id"].clone();
    let connection = json!({ "name": "partners", "strategy": "auth0" });
    post("/connections", connection).await;
    post("/custom-domains", json!({ "domain": "login.gone.test", "type": "self_managed_certs" })).await;
    let mut users = Vec::new();
    for number in 1..=70 {
        let user = json!({ "connection": "Username-Password-Authentication", "password": "Correct-Horse-1",
            "email": format!("u{number}@example.test"), "username": format!("u{number}"),
            "user_id": format!("u{number}") });
        users.push(post("/users", user).await["user_id"].clone());
    }
    let members = format!("/organizations/{}/members", organization.as_str().unwrap());
    post(&members, json!({ "members": users[..10] })).await;
    let user = crate::world::encoded(users[0].as_str().unwrap());
    post(&format!("/users/{user}/roles"), json!({ "roles": [role] })).await;
}
