//! Revocations have teeth: what is taken away stops the very next refresh.

use serde_json::json;

use crate::world::{World, encoded};

/// A world with Ann logged in: her path, and her refresh token.
async fn logged_in(more: &[(&str, &str)]) -> (World, String, String) {
    let world = World::start().await;
    let path = format!("/users/{}", encoded(&world.with_ann().await));
    let token = world.login(more).await.text("refresh_token");
    world.clock.advance_ms(1000);
    (world, path, token)
}

#[tokio::test]
async fn a_blocked_user_is_out_and_an_unblocked_one_logs_in_again() {
    let (world, path, token) = logged_in(&[]).await;
    let token = world.refresh("app", &token, &[]).await.text("refresh_token");
    world.patch(&path, json!({ "blocked": true })).await.with(200);
    assert_eq!(world.refresh("app", &token, &[]).await.status, 400);
    assert_eq!(world.get(&format!("{path}/sessions")).await.all("id").len(), 0);
    world.patch(&path, json!({ "blocked": false })).await.with(200);
    assert_eq!(world.refresh("app", &token, &[]).await.status, 400);
    let token = world.login(&[]).await.text("refresh_token");
    assert_eq!(world.refresh("app", &token, &[]).await.status, 200);
    world.stop().await;
}

#[tokio::test]
async fn a_deleted_user_cannot_refresh_nor_can_a_new_one_of_the_same_id() {
    let (world, path, token) = logged_in(&[]).await;
    world.delete(&path).await.with(204);
    assert_eq!(world.refresh("app", &token, &[]).await.status, 400);
    let id = path.trim_start_matches("/users/auth0%7C").to_owned();
    let again = json!({ "connection": "Username-Password-Authentication", "user_id": id,
        "email": "ann@example.test", "password": "Correct-Horse-1" });
    world.made("/users", again, "user_id").await;
    assert_eq!(world.refresh("app", &token, &[]).await.status, 400);
    world.stop().await;
}

#[tokio::test]
async fn a_new_password_ends_what_the_old_one_began() {
    let (world, path, token) = logged_in(&[]).await;
    world.patch(&path, json!({ "password": "Correct-Horse-2" })).await.with(200);
    assert_eq!(world.refresh("app", &token, &[]).await.status, 400);
    assert_eq!(world.get(&format!("{path}/sessions")).await.all("id").len(), 0);
    assert_eq!(world.login(&[]).await.status, 400);
    let token = world.login(&[("password", "Correct-Horse-2")]).await.text("refresh_token");
    assert_eq!(world.refresh("app", &token, &[]).await.status, 200);
    world.stop().await;
}

#[tokio::test]
async fn ending_a_session_ends_its_families_and_no_others() {
    let (world, path, first) = logged_in(&[]).await;
    world.clock.advance_ms(1_000);
    let second = world.login(&[]).await.text("refresh_token");
    let mut sessions = world.get(&format!("{path}/sessions")).await.with(200).as_array().unwrap().clone();
    sessions.sort_by_key(|session| session["created_at"].to_string());
    let ids: Vec<_> = sessions.iter().map(|session| session["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(world.get(&format!("/sessions/{}", ids[0])).await.with(200), sessions[0]);
    world.delete(&format!("/sessions/{}", ids[0])).await.with(202);
    assert_eq!(world.refresh("app", &first, &[]).await.status, 400);
    let second = world.refresh("app", &second, &[]).await.text("refresh_token");
    world.post(&format!("/sessions/{}/revoke", ids[1]), json!({})).await.with(202);
    assert_eq!(world.refresh("app", &second, &[]).await.status, 400);
    world.get(&format!("/sessions/{}", ids[0])).await.refused(404, "inexistent_resource");

    let third = world.login(&[]).await.text("refresh_token");
    world.delete(&format!("{path}/sessions")).await.with(202);
    assert_eq!(world.refresh("app", &third, &[]).await.status, 400);
    world.stop().await;
}

#[tokio::test]
async fn refresh_tokens_are_revoked_one_by_one_and_all_at_once() {
    let (world, path, first) = logged_in(&[]).await;
    let second = world.login(&[]).await.text("refresh_token");
    let listed = world.get(&format!("{path}/refresh-tokens")).await;
    let ids = listed.all("id");
    assert_eq!(ids.len(), 2);
    assert_eq!(world.get(&format!("/refresh-tokens/{}", ids[0])).await.with(200), listed.json()[0]);
    let shown = listed.json();
    let by_age = |one: &&serde_json::Value| one["created_at"].as_str().map(str::to_owned);
    let shown = shown.as_array().unwrap().iter().min_by_key(by_age).unwrap().clone();
    for (name, value) in [
        ("client_id", json!("app")),
        ("rotating", json!(true)),
        ("created_at", json!("2027-01-15T08:00:00.000Z")),
        ("idle_expires_at", json!("2027-01-30T08:00:00.000Z")),
        ("expires_at", json!("2027-02-14T08:00:00.000Z")),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    assert!(shown["session_id"].is_string() && shown.get("last_exchanged_at").is_none(), "{shown}");
    world.clock.advance_ms(60_000);
    shows_what_is_kept(&world, &shown, "created_at").await;
    let second = world.refresh("app", &second, &[]).await.text("refresh_token");
    let exchanged = world.get(&format!("{path}/refresh-tokens")).await.json();
    let exchanged = exchanged.as_array().unwrap().iter().find(|own| own["generation"] == 2).unwrap().clone();
    assert_eq!(exchanged["last_exchanged_at"], "2027-01-15T08:01:01.000Z");
    assert_eq!(exchanged["idle_expires_at"], "2027-01-30T08:01:01.000Z");
    assert_eq!((&exchanged["client_id"], exchanged.get("created_at")), (&json!("app"), None));
    shows_what_is_kept(&world, &exchanged, "last_exchanged_at").await;
    world.delete(&format!("/refresh-tokens/{}", shown["id"].as_str().unwrap())).await.with(202);
    assert_eq!(world.refresh("app", &first, &[]).await.status, 400);
    assert_eq!(world.refresh("app", &second, &[]).await.status, 200);
    world.delete(&format!("{path}/refresh-tokens")).await.with(202);
    assert_eq!(world.refresh("app", &second, &[]).await.status, 400);

    let third = world.login(&[]).await.text("refresh_token");
    world.clock.advance_ms(1000);
    world.post(&format!("{path}/revoke-access"), json!({})).await.with(204);
    assert_eq!(world.refresh("app", &third, &[]).await.status, 400);
    world.stop().await;
}

#[tokio::test]
async fn a_removed_member_cannot_refresh_for_the_organization() {
    let world = World::start().await;
    let ann = world.with_ann().await;
    let organization = world.made("/organizations", json!({ "name": "acme" }), "id").await;
    let members = format!("/organizations/{organization}/members");
    world.post(&members, json!({ "members": [ann] })).await.with(204);
    assert_eq!(world.get(&members).await.all("user_id"), [ann.as_str()]);
    let organizations = world.get(&format!("/users/{}/organizations", encoded(&ann))).await;
    assert_eq!(organizations.all("name"), ["acme"]);

    let token = world.login(&[("organization", "acme")]).await.text("refresh_token");
    let token = world.refresh("app", &token, &[]).await.text("refresh_token");
    world.delete_with(&members, json!({ "members": [ann] })).await.with(204);
    assert_eq!(world.refresh("app", &token, &[]).await.status, 403);
    world.post(&members, json!({ "members": [ann] })).await.with(204);
    let token = world.refresh("app", &token, &[]).await.text("refresh_token");
    world.delete(&format!("/organizations/{organization}")).await.with(204);
    assert_eq!(world.refresh("app", &token, &[]).await.status, 400);
    world.stop().await;
}

#[tokio::test]
async fn roles_of_a_member_hold_inside_the_organization_only() {
    let world = World::start().await;
    let ann = world.with_ann().await;
    let rbac = json!({ "enforce_policies": true });
    world.patch("/resource-servers/https%3A%2F%2Fapi.test%2F", rbac).await.with(200);
    let role = world.post("/roles", json!({ "name": "reader" })).await.text("id");
    let permission = json!({ "permissions": [
        { "resource_server_identifier": "https://api.test/", "permission_name": "read:things" }] });
    world.post(&format!("/roles/{role}/permissions"), permission).await.with(201);
    let organization = world.made("/organizations", json!({ "name": "acme" }), "id").await;
    world
        .post(&format!("/organizations/{organization}/members"), json!({ "members": [ann] }))
        .await
        .with(204);
    let roles = format!("/organizations/{organization}/members/{}/roles", encoded(&ann));
    world.post(&roles, json!({ "roles": [role] })).await.with(204);
    assert_eq!(world.get(&roles).await.all("name"), ["reader"]);
    let scope = |answer: crate::answer::Answer| answer.with(200)["scope"].as_str().unwrap().to_owned();
    assert!(scope(world.login(&[("organization", "acme")]).await).contains("read:things"));
    assert!(!scope(world.login(&[]).await).contains("read:things"));
    world.delete_with(&roles, json!({ "roles": [role] })).await.with(204);
    assert!(!scope(world.login(&[("organization", "acme")]).await).contains("read:things"));
    world.stop().await;
}

/// A refresh token has these properties and no others, and the document of the API says which of Auth0's it lacks.
async fn shows_what_is_kept(world: &World, shown: &serde_json::Value, instant: &str) {
    let mut expected = vec![
        "client_id",
        "generation",
        "id",
        "idle_expires_at",
        instant,
        "rotating",
        "session_id",
        "user_id",
    ];
    if instant == "created_at" {
        expected.push("expires_at");
    }
    expected.sort_unstable();
    let mut names: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, expected);
    let document = world.get("/openapi.json").await.with(200);
    for path in ["/refresh-tokens/{id}", "/users/{user_id}/refresh-tokens"] {
        let said = document["paths"][path]["get"]["description"].as_str().unwrap();
        assert!(said.contains("resource_servers") && said.contains("created_at"), "{path}: {said}");
    }
}
