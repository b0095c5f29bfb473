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
        ("name:BOB", &["auth0|bob"]),
        ("name:be", &[]),
        ("email:b*", &["auth0|bea", "auth0|bob"]),
        ("user_id:auth0|b*", &["auth0|bea", "auth0|bob"]),
        ("created_at:[2027-01-15T08:00:01.000Z TO *]", &["auth0|bob", "auth0|bea"]),
        ("created_at:[2027-01-01 TO 2027-01-15] AND name:a*", &["auth0|ann"]),
        ("created_at:[2027-01 TO 2027-02] AND blocked:true", &["auth0|bob"]),
        ("created_at:2027-01-15T08:00:01Z", &["auth0|bob"]),
        ("created_at:[* TO 2027-01-14]", &[]),
        ("", &["auth0|ann", "auth0|bea", "auth0|bob"]),
    ] {
        let answer = world.get(&format!("/users?q={}&search_engine=v3&fields=user_id", asked(q))).await;
        assert_eq!(answer.all("user_id"), found, "{q}");
    }
    let message = world.get("/users?q=phone_number:1").await.refused(400, "invalid_query_string");
    assert!(message.contains("phone_number cannot be searched; search email, user_id, name"), "{message}");
    for q in
        ["blocked:maybe", "created_at:yesterday", "created_at:[2027-01-32 TO *]", "name:a OR name:b", "name:"]
    {
        world.get(&format!("/users?q={}", asked(q))).await.refused(400, "invalid_query_string");
    }
    for (query, found) in [
        ("sort=created_at:-1", &["auth0|bea", "auth0|bob", "auth0|ann"][..]),
        ("sort=created_at:1", &["auth0|ann", "auth0|bob", "auth0|bea"]),
        ("sort=name:-1", &["auth0|bob", "auth0|bea", "auth0|ann"]),
        ("sort=email:1&q=blocked:false", &["auth0|ann", "auth0|bea"]),
        ("sort=created_at:-1&q=name:b*", &["auth0|bea", "auth0|bob"]),
        ("sort=name:-1&q=name:b*", &["auth0|bob", "auth0|bea"]),
    ] {
        assert_eq!(world.get(&format!("/users?{query}")).await.all("user_id"), found, "{query}");
    }
    for sort in ["logins_count:1", "name", "name:2"] {
        world.get(&format!("/users?sort={sort}")).await.refused(400, "invalid_query_string");
    }
    world.stop().await;
}

/// A query as a parameter.
fn asked(q: &str) -> String {
    url::form_urlencoded::byte_serialize(q.as_bytes()).collect()
}

#[tokio::test]
async fn a_search_is_paged_both_ways() {
    let world = World::start().await;
    let role = world.post("/roles", json!({ "name": "reader" })).await.text("id");
    let mut expected = Vec::new();
    for number in 0..7 {
        let user = json!({ "connection": "Username-Password-Authentication", "user_id": format!("u{}", 9 - number),
            "email": format!("u{number}@example.test"), "name": format!("Jane {number}") });
        expected.push(world.made("/users", user, "user_id").await);
    }
    world.post(&format!("/roles/{role}/users"), json!({ "users": expected })).await.with(200);
    let mut held = expected.clone();
    held.sort();
    for (path, list, expected) in [
        ("/users?q=name:jane*&sort=name:1&".to_owned(), "users", &expected),
        (format!("/users?q={}&", asked("email:u* AND blocked:false")), "users", &expected),
        (format!("/roles/{role}/users?"), "users", &held),
    ] {
        let (mut seen, mut from) = (Vec::new(), String::new());
        loop {
            let page = world.get(&format!("{path}take=3{from}")).await.with(200);
            let items = page[list].as_array().unwrap();
            seen.extend(items.iter().map(|user| user["user_id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            from = format!("&from={next}");
        }
        assert_eq!(seen, *expected, "{path}");
        let page = world.get(&format!("{path}page=1&per_page=3&include_totals=true")).await.with(200);
        assert_eq!((&page["total"], &page["start"], &page["length"]), (&json!(7), &json!(3), &json!(3)));
        assert_eq!(page[list][0]["user_id"], expected[3].as_str(), "{path}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_search_follows_what_changes() {
    let world = World::start().await;
    let id = world.with_ann().await;
    let path = format!("/users/{}", encoded(&id));
    let found = async |q: &str| world.get(&format!("/users?q={}", asked(q))).await.all("user_id").len();
    assert_eq!((found("name:\"ann example\"").await, found("blocked:true").await), (1, 0));
    world.patch(&path, json!({ "name": "Bea Example", "blocked": true })).await.with(200);
    assert_eq!((found("name:\"ann example\"").await, found("name:bea*").await), (0, 1));
    assert_eq!(found("blocked:true").await, 1);
    world.patch(&path, json!({ "name": null, "email": "new@example.test" })).await.with(200);
    assert_eq!((found("name:bea*").await, found("name:new@example.test").await), (0, 1));
    assert_eq!((found("email:ann@example.test").await, found("email:NEW@example.test").await), (0, 1));
    world.delete(&path).await.with(204);
    assert_eq!((found("email:new@example.test").await, found("blocked:true").await), (0, 0));
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
