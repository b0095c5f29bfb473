//! Clients: made, listed, changed, given a new secret, removed.

use serde_json::json;

use crate::world::World;

async fn token(world: &World, id: &str, secret: &str) -> u16 {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
        ("audience", "https://api.test/"),
    ];
    world.token(&form).await.status
}

#[tokio::test]
async fn a_client_lives_its_life() {
    let world = World::start().await;
    let api = json!({ "identifier": "https://api.test/", "scopes": [{ "value": "read:things" }] });
    world.made("/resource-servers", api, "id").await;
    let new = json!({ "name": "Machine", "app_type": "non_interactive", "client_metadata": { "a": "1", "b": "2" } });
    let made = world.post("/clients", new).await.with(201);
    let (id, secret) = (made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    let grant = json!({ "client_id": id, "audience": "https://api.test/", "scope": ["read:things"] });
    let grant = world.made("/client-grants", grant, "id").await;
    assert_eq!(token(&world, id, secret).await, 200);

    let shown = world.get(&format!("/clients/{id}")).await.with(200);
    assert!(shown.get("client_secret").is_none() && shown.get("secrets").is_none(), "{shown}");
    assert_eq!(shown["grant_types"], json!(["client_credentials"]));

    let change = json!({ "name": "Renamed", "client_metadata": { "a": null, "c": "3" }, "refresh_token": { "leeway": 9 } });
    let changed = world.patch(&format!("/clients/{id}"), change).await.with(200);
    assert_eq!(changed["name"], "Renamed");
    assert_eq!(changed["client_metadata"], json!({ "b": "2", "c": "3" }));
    assert_eq!(changed["refresh_token"]["leeway"], 9);

    let rotated = world.post(&format!("/clients/{id}/rotate-secret"), json!({})).await.with(200);
    assert_eq!(token(&world, id, secret).await, 401);
    assert_eq!(token(&world, id, rotated["client_secret"].as_str().unwrap()).await, 200);

    world.delete(&format!("/clients/{id}")).await.with(204);
    assert_eq!(token(&world, id, rotated["client_secret"].as_str().unwrap()).await, 401);
    world.get(&format!("/clients/{id}")).await.refused(404, "inexistent_resource");
    world.delete(&format!("/clients/{id}")).await.refused(404, "inexistent_resource");
    world.get(&format!("/client-grants/{grant}")).await.refused(404, "inexistent_resource");
    world.stop().await;
}

#[tokio::test]
async fn lists_are_paged_both_ways_and_trimmed() {
    let world = World::start().await;
    for at in 0..5 {
        let client = json!({ "client_id": format!("c{at}"), "name": "C", "app_type": "spa" });
        world.made("/clients", client, "client_id").await;
    }
    let page = world.get("/clients?per_page=2&page=1&app_type=spa&fields=client_id").await;
    assert_eq!(page.with(200), json!([{ "client_id": "c2" }, { "client_id": "c3" }]));
    let page = world.get("/clients?per_page=2&page=2&include_totals=true").await.with(200);
    assert_eq!((&page["start"], &page["limit"], &page["total"]), (&json!(4), &json!(2), &json!(6)));
    let filtered = world.get("/clients?app_type=spa&include_totals=true&per_page=1").await.with(200);
    assert_eq!(filtered["total"], 5);

    let mut seen = Vec::new();
    let mut query = "take=4&fields=name,tenant&include_fields=false".to_owned();
    loop {
        let page = world.get(&format!("/clients?{query}")).await.with(200);
        for client in page["clients"].as_array().unwrap() {
            assert!(client.get("name").is_none() && client.get("tenant").is_none(), "{client}");
            seen.push(client["client_id"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["next"].as_str() else { break };
        query = format!("take=4&fields=name,tenant&include_fields=false&from={next}");
    }
    assert_eq!(seen, ["admin", "c0", "c1", "c2", "c3", "c4"]);
    world.get("/clients?take=2&from=!").await.refused(400, "invalid_query_string");
    world.stop().await;
}

#[tokio::test]
async fn two_administrators_do_not_undo_each_other() {
    let world = World::start().await;
    world.made("/clients", json!({ "client_id": "c", "name": "C" }), "client_id").await;
    let tag = world.get("/clients/c").await.headers["etag"].clone();
    let change = |name: &'static str| {
        let request = world.request(reqwest::Method::PATCH, "/clients/c").header("if-match", tag.clone());
        world.send(request.json(&json!({ "name": name })))
    };
    change("first").await.with(200);
    change("second").await.refused(412, "precondition_failed");
    assert_eq!(world.get("/clients/c").await.text("name"), "first");
    world.stop().await;
}

#[tokio::test]
async fn bad_bodies_are_refused_with_the_field() {
    let world = World::start().await;
    for (body, words) in [
        (json!({ "app_type": "spa" }), "Missing required property: name"),
        (json!({ "name": "C", "colour": 1 }), "Additional properties not allowed: colour"),
        (json!({ "name": "C", "secrets": [] }), "Additional properties not allowed: secrets"),
        (json!({ "name": 7 }), "Expected type string but found type number on property name"),
        (json!({ "name": null }), "on property name"),
        (json!({ "name": "C", "callbacks": ["x", 1] }), "on property callbacks"),
        (json!({ "name": "C", "callbacks": ["not a uri"] }), "callbacks[0]"),
        (json!({ "name": "C", "app_type": "toaster" }), "app_type"),
        (json!({ "name": "C", "refresh_token": { "leeway": 601 } }), "refresh_token.leeway"),
        (json!({ "name": "C", "refresh_token": { "nonsense": 1 } }), "refresh_token.nonsense"),
    ] {
        let message = world.post("/clients", body).await.refused(400, "invalid_body");
        assert!(message.contains(words), "{words}: {message}");
    }
    world.made("/clients", json!({ "client_id": "c", "name": "C" }), "client_id").await;
    world.post("/clients", json!({ "client_id": "c", "name": "C" })).await.refused(409, "resource_conflict");
    world.stop().await;
}

#[tokio::test]
async fn who_may_not_change_keys_cannot_become_another_client() {
    let world = World::start().await;
    let token = world.admin_token(&[("scope", "update:clients")]).await.text("access_token");
    let change = |body| {
        let request = world.anonymous(reqwest::Method::PATCH, "/clients/admin").bearer_auth(&token);
        world.send(request.json(&body))
    };
    for body in [
        json!({ "client_secret": "stolen-0123456789" }),
        json!({ "token_endpoint_auth_method": "none", "app_type": "spa" }),
        json!({ "jwks": null }),
    ] {
        change(body).await.refused(403, "insufficient_scope");
    }
    assert!(change(json!({ "name": "Renamed" })).await.with(200).get("client_secret").is_none());
    world.stop().await;
}

#[tokio::test]
async fn how_a_client_must_ask_is_a_setting() {
    let world = World::start().await;
    let signs = json!({ "name": "Signs", "app_type": "spa", "signed_request_object": { "required": true } });
    world.post("/clients", signs.clone()).await.refused(400, "invalid_body");
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let mut signs = signs;
    signs["jwks"] = json!({ "keys": [key] });
    signs["require_pushed_authorization_requests"] = json!(true);
    let made = world.post("/clients", signs).await.with(201);
    assert_eq!(made["signed_request_object"], json!({ "required": true }));
    assert_eq!(made["require_pushed_authorization_requests"], true);
    assert!(made.get("created_at").is_none(), "{made}");
    let path = format!("/clients/{}", made["client_id"].as_str().unwrap());
    let unknown = json!({ "signed_request_object": { "mandatory": true } });
    world.patch(&path, unknown).await.refused(400, "invalid_body");
    world.patch(&path, json!({ "jwks": null })).await.refused(400, "invalid_body");
    world.stop().await;
}
