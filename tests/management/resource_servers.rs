//! Resource servers and client grants.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn an_api_is_found_by_id_and_by_identifier() {
    let world = World::start().await;
    let new = json!({ "identifier": "https://api.test/v1", "name": "Things", "token_lifetime": 60,
        "scopes": [{ "value": "read:things", "description": "Read" }] });
    let id = world.made("/resource-servers", new.clone(), "id").await;
    let by_id = world.get(&format!("/resource-servers/{id}")).await.with(200);
    assert_eq!(by_id, world.get("/resource-servers/https%3A%2F%2Fapi.test%2Fv1").await.with(200));
    assert_eq!(by_id["is_system"], false);
    world.post("/resource-servers", new).await.refused(409, "resource_conflict");

    let changed = world.patch(&format!("/resource-servers/{id}"), json!({ "token_lifetime": null })).await;
    assert!(changed.with(200).get("token_lifetime").is_none());
    let listed = world.get("/resource-servers?identifiers=https://api.test/v1").await;
    assert_eq!(listed.all("id"), [id.as_str()]);

    let grant = json!({ "client_id": "admin", "audience": "https://api.test/v1", "scope": ["read:things"] });
    let grant = world.made("/client-grants", grant, "id").await;
    world.delete(&format!("/resource-servers/{id}")).await.with(204);
    world.get(&format!("/client-grants/{grant}")).await.refused(404, "inexistent_resource");
    world.get(&format!("/resource-servers/{id}")).await.refused(404, "inexistent_resource");
    world.stop().await;
}

#[tokio::test]
async fn the_management_api_itself_stays() {
    let world = World::start().await;
    let listed = world.get("/resource-servers").await.with(200);
    let own = &listed[0];
    assert_eq!(
        (&own["is_system"], &own["identifier"]),
        (&json!(true), &json!(format!("{}api/v2/", world.issuer())))
    );
    let path = format!("/resource-servers/{}", own["id"].as_str().unwrap());
    world.delete(&path).await.refused(403, "system_resource");
    world.patch(&path, json!({ "name": "Mine" })).await.refused(403, "system_resource");
    world.stop().await;
}

#[tokio::test]
async fn a_grant_is_changed_and_takes_effect() {
    let world = World::start().await;
    let api = json!({ "identifier": "https://api.test/",
        "scopes": [{ "value": "read:things" }, { "value": "write:things" }] });
    world.made("/resource-servers", api, "id").await;
    let grant = json!({ "client_id": "admin", "audience": "https://api.test/", "scope": ["read:things"] });
    let id = world.made("/client-grants", grant.clone(), "id").await;
    world.post("/client-grants", grant).await.refused(409, "resource_conflict");
    world.patch(&format!("/client-grants/{id}"), json!({ "scope": ["write:things"] })).await.with(200);
    let token = world.admin_token(&[("audience", "https://api.test/")]).await.with(200);
    assert_eq!(token["scope"], "write:things");
    let bad = world.patch(&format!("/client-grants/{id}"), json!({ "scope": ["nothing"] })).await;
    assert!(bad.refused(400, "invalid_body").contains("scope[0]"));
    let listed =
        world.get("/client-grants?client_id=admin&audience=https://api.test/&take=5").await.with(200);
    assert_eq!(listed["client_grants"].as_array().unwrap().len(), 1);
    world.delete(&format!("/client-grants/{id}")).await.with(204);
    assert_eq!(world.admin_token(&[("audience", "https://api.test/")]).await.status, 403);
    world.stop().await;
}
