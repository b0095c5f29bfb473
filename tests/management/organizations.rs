//! Organizations, by id and by name.

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn an_organization_lives_its_life() {
    let world = World::start().await;
    let id = world.made("/organizations", json!({ "name": "acme", "display_name": "Acme" }), "id").await;
    assert!(id.starts_with("org_"), "{id}");
    assert_eq!(world.get("/organizations/name/acme").await.text("id"), id);
    world.post("/organizations", json!({ "name": "acme" })).await.refused(409, "resource_conflict");
    world.patch(&format!("/organizations/{id}"), json!({ "name": "acme2" })).await.with(200);
    world.get("/organizations/name/acme").await.refused(404, "inexistent_resource");
    assert_eq!(world.get("/organizations").await.all("name"), ["acme2"]);
    world.delete(&format!("/organizations/{id}")).await.with(204);
    world.get(&format!("/organizations/{id}")).await.refused(404, "inexistent_resource");
    world.stop().await;
}

#[tokio::test]
async fn two_administrators_do_not_undo_each_other() {
    let world = World::start().await;
    let organization = world.made("/organizations", json!({ "name": "acme" }), "id").await;
    let role = world.post("/roles", json!({ "name": "reader" })).await.text("id");
    for path in [format!("/organizations/{organization}"), format!("/roles/{role}")] {
        let stale = world.get(&path).await.headers["etag"].clone();
        let send = |method: Method, tag: &HeaderValue, body: serde_json::Value| {
            world.send(world.request(method, &path).header("if-match", tag.clone()).json(&body))
        };
        send(Method::PATCH, &stale, json!({ "name": "first" })).await.with(200);
        send(Method::PATCH, &stale, json!({ "name": "second" })).await.refused(412, "precondition_failed");
        send(Method::DELETE, &stale, json!({})).await.refused(412, "precondition_failed");
        let fresh = world.get(&path).await;
        assert_eq!(fresh.text("name"), "first", "{path}");
        assert_ne!(fresh.headers["etag"], stale);
        let several = format!("\"999\", {}", fresh.headers["etag"].to_str().unwrap()).parse().unwrap();
        send(Method::PATCH, &several, json!({ "name": "third" })).await.with(200);
        send(Method::PATCH, &HeaderValue::from_static("*"), json!({ "name": "fourth" })).await.with(200);
        assert_eq!(world.get(&path).await.text("name"), "fourth", "{path}");
    }
    world.stop().await;
}

#[tokio::test]
async fn of_two_creates_that_race_one_is_told() {
    let world = World::start().await;
    let create = || world.post("/organizations", json!({ "name": "acme" }));
    let (one, other, third) = tokio::join!(create(), create(), create());
    let mut statuses = [one.status, other.status, third.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
    world.stop().await;
}
