//! Organizations, by id and by name.

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
async fn of_two_creates_that_race_one_is_told() {
    let world = World::start().await;
    let create = || world.post("/organizations", json!({ "name": "acme" }));
    let (one, other, third) = tokio::join!(create(), create(), create());
    let mut statuses = [one.status, other.status, third.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
    world.stop().await;
}
