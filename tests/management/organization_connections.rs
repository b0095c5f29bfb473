//! Connections enabled for an organization.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn connections_are_enabled_changed_and_taken() {
    let world = World::start().await;
    let id = world.made("/organizations", json!({ "name": "acme" }), "id").await;
    let path = format!("/organizations/{id}/enabled_connections");
    assert!(world.get(&path).await.all("connection_id").is_empty());
    let own = world.get("/connections").await.all("id").remove(0);
    let staff = world.made("/connections", json!({ "name": "staff", "strategy": "auth0" }), "id").await;

    let made = world.post(&path, json!({ "connection_id": own })).await.with(201);
    let expected = json!({ "connection_id": own,
        "connection": { "name": "Username-Password-Authentication", "strategy": "auth0" },
        "assign_membership_on_login": false, "show_as_button": true, "is_signup_enabled": false });
    assert_eq!(made, expected);
    assert_eq!(world.get(&format!("{path}/{own}")).await.with(200), expected);
    world.post(&path, json!({ "connection_id": own })).await.refused(409, "resource_conflict");
    world.post(&path, json!({ "connection_id": staff, "assign_membership_on_login": true })).await.with(201);
    assert_eq!(world.get(&path).await.all("connection_id"), [own.as_str(), staff.as_str()]);
    let page = world.get(&format!("{path}?include_totals=true&per_page=1&page=1")).await.with(200);
    assert_eq!(
        (&page["total"], &page["enabled_connections"][0]["connection_id"]),
        (&json!(2), &json!(staff))
    );

    let change = json!({ "assign_membership_on_login": true, "is_signup_enabled": true });
    let changed = world.patch(&format!("{path}/{own}"), change).await.with(200);
    assert_eq!((&changed["is_signup_enabled"], &changed["show_as_button"]), (&json!(true), &json!(true)));
    let changed = world.patch(&format!("{path}/{own}"), json!({ "show_as_button": false })).await.with(200);
    assert_eq!((&changed["is_signup_enabled"], &changed["show_as_button"]), (&json!(true), &json!(false)));

    world.delete(&format!("{path}/{own}")).await.with(204);
    world.get(&format!("{path}/{own}")).await.refused(404, "inexistent_resource");
    world.delete(&format!("{path}/{own}")).await.refused(404, "inexistent_resource");
    world.delete(&format!("/connections/{staff}")).await.with(204);
    assert!(world.get(&path).await.all("connection_id").is_empty());
    world.made("/connections", json!({ "name": "staff", "strategy": "auth0" }), "id").await;
    assert!(world.get(&path).await.all("connection_id").is_empty(), "a namesake is not enabled");
    world.stop().await;
}

#[tokio::test]
async fn bad_input_is_refused() {
    let world = World::start().await;
    let own = world.get("/connections").await.all("id").remove(0);
    let enabled = json!([{ "connection_id": own, "assign_membership_on_login": true }]);
    let id =
        world.made("/organizations", json!({ "name": "acme", "enabled_connections": enabled }), "id").await;
    let path = format!("/organizations/{id}/enabled_connections");
    assert_eq!(world.get(&path).await.all("connection_id"), [own.as_str()]);
    assert!(world.get(&format!("/organizations/{id}")).await.with(200).get("enabled_connections").is_none());
    for (body, words) in [
        (json!({}), "connection_id"),
        (json!({ "connection_id": "con_nothing" }), "connection_id"),
        (json!({ "connection_id": own, "colour": 1 }), "colour"),
        (json!({ "connection_id": own, "show_as_button": "yes" }), "show_as_button"),
    ] {
        let message = world.post(&path, body).await.refused(400, "invalid_body");
        assert!(message.contains(words), "{words}: {message}");
    }
    world.patch(&format!("{path}/{own}"), json!({ "is_signup_enabled": true })).await.with(200);
    let alone = json!({ "assign_membership_on_login": false });
    let message = world.patch(&format!("{path}/{own}"), alone).await.refused(400, "invalid_body");
    assert!(message.contains("is_signup_enabled"), "{message}");
    world.get("/organizations/org_nothing/enabled_connections").await.refused(404, "inexistent_resource");
    world.patch(&format!("{path}/con_nothing"), json!({})).await.refused(404, "inexistent_resource");
    world.stop().await;
}
