//! Users: made, found, changed, and what ends with them.

use serde_json::json;

use crate::world::{World, encoded};

#[tokio::test]
async fn a_user_lives_its_life() {
    let world = World::start().await;
    let id = world.with_ann().await;
    let path = format!("/users/{}", encoded(&id));
    let shown = world.get(&path).await.with(200);
    assert_eq!(shown["email"], "ann@example.test");
    assert_eq!(shown["created_at"], "2027-01-15T08:00:00.000Z");
    assert_eq!(shown["identities"][0]["user_id"], id.trim_start_matches("auth0|"));
    for secret in ["password", "password_hash", "hash", "not_before", "tenant"] {
        assert!(shown.get(secret).is_none(), "{secret}: {shown}");
    }
    let change =
        json!({ "user_metadata": { "a": 1, "b": 2 }, "app_metadata": { "plan": "x" }, "nickname": "An" });
    world.patch(&path, change).await.with(200);
    let change = json!({ "user_metadata": { "a": null, "c": 3 }, "nickname": null });
    let changed = world.patch(&path, change).await.with(200);
    assert_eq!(changed["user_metadata"], json!({ "b": 2, "c": 3 }));
    assert_eq!(changed["app_metadata"], json!({ "plan": "x" }));
    assert!(changed.get("nickname").is_none());
    assert_eq!(world.get("/users-by-email?email=ANN@example.test").await.all("user_id"), [id.as_str()]);
    world.delete(&path).await.with(204);
    world.get(&path).await.refused(404, "inexistent_resource");
    assert_eq!(world.get("/users-by-email?email=ann@example.test").await.all("user_id").len(), 0);
    world.with_ann_again().await;
    world.stop().await;
}

#[tokio::test]
async fn an_address_belongs_to_one_user_even_when_creates_race() {
    let world = World::start().await;
    let create = || {
        let ann = json!({ "connection": "Username-Password-Authentication", "email": "a@example.test",
            "password": "Correct-Horse-1" });
        world.post("/users", ann)
    };
    let (one, other, third) = tokio::join!(create(), create(), create());
    let mut statuses = [one.status, other.status, third.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
    let bob = json!({ "connection": "Username-Password-Authentication", "email": "b@example.test" });
    let bob = world.made("/users", bob, "user_id").await;
    let taken = world.patch(&format!("/users/{}", encoded(&bob)), json!({ "email": "a@example.test" })).await;
    taken.refused(409, "resource_conflict");
    world.stop().await;
}

#[tokio::test]
async fn users_are_searched() {
    let world = World::start().await;
    for (name, blocked) in [("ann", false), ("bob", true), ("bea", false)] {
        let user = json!({ "connection": "Username-Password-Authentication", "user_id": name, "name": name,
            "email": format!("{name}@example.test"), "blocked": blocked });
        world.made("/users", user, "user_id").await;
        world.clock.advance_ms(1000);
    }
    for (q, found) in [
        ("email:ann@example.test", &["auth0|ann"][..]),
        ("email:\"bob@example.test\" AND blocked:false", &[]),
        ("user_id:\"auth0|bob\"", &["auth0|bob"]),
        ("name:b*", &["auth0|bea", "auth0|bob"]),
        ("name:b* AND NOT blocked:true", &["auth0|bea"]),
        ("blocked:true", &["auth0|bob"]),
        ("created_at:[2027-01-15T08:00:01.000Z TO *]", &["auth0|bea", "auth0|bob"]),
        ("", &["auth0|ann", "auth0|bea", "auth0|bob"]),
    ] {
        let query = q.replace(' ', "%20").replace('"', "%22").replace('|', "%7C");
        let answer = world.get(&format!("/users?q={query}&search_engine=v3&fields=user_id")).await;
        assert_eq!(answer.all("user_id"), found, "{q}");
    }
    let message = world.get("/users?q=phone_number:1").await.refused(400, "invalid_query_string");
    assert!(message.contains("phone_number cannot be searched; search email, user_id, name"), "{message}");
    world.get("/users?q=blocked:maybe").await.refused(400, "invalid_query_string");
    world.stop().await;
}

#[tokio::test]
async fn roles_and_permissions_are_given_and_taken() {
    let world = World::start().await;
    let user = format!("/users/{}", encoded(&world.with_ann().await));
    let role = world.post("/roles", json!({ "name": "reader" })).await.text("id");
    let permission = json!({ "permissions": [
        { "resource_server_identifier": "https://api.test/", "permission_name": "read:things" }] });
    world.post(&format!("/roles/{role}/permissions"), permission.clone()).await.with(201);
    assert_eq!(
        world.get(&format!("/roles/{role}/permissions")).await.all("permission_name"),
        ["read:things"]
    );
    world.post(&format!("{user}/roles"), json!({ "roles": [role] })).await.with(204);
    assert_eq!(world.get(&format!("{user}/roles")).await.all("name"), ["reader"]);
    assert_eq!(world.get(&format!("/roles/{role}/users")).await.all("email"), ["ann@example.test"]);

    let rbac = json!({ "enforce_policies": true, "token_dialect": "access_token_authz" });
    world.patch("/resource-servers/https%3A%2F%2Fapi.test%2F", rbac).await.with(200);
    assert!(world.login(&[]).await.with(200)["scope"].as_str().unwrap().contains("read:things"));
    world.delete_with(&format!("{user}/roles"), json!({ "roles": [role] })).await.with(204);
    assert!(!world.login(&[]).await.with(200)["scope"].as_str().unwrap().contains("read:things"));
    world.post(&format!("{user}/permissions"), permission.clone()).await.with(201);
    assert!(world.login(&[]).await.with(200)["scope"].as_str().unwrap().contains("read:things"));
    world.delete_with(&format!("{user}/permissions"), permission).await.with(204);
    assert_eq!(world.get(&format!("{user}/permissions")).await.all("permission_name").len(), 0);

    let unknown = world.post(&format!("{user}/roles"), json!({ "roles": ["rol_nothing"] })).await;
    unknown.refused(400, "invalid_body");
    world.delete(&format!("/roles/{role}")).await.with(200);
    world.get(&format!("/roles/{role}")).await.refused(404, "inexistent_resource");
    world.stop().await;
}
