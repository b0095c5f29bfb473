//! Invitations to an organization, as an administrator meets them; how they are accepted is in `tests/login`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

async fn with_acme(world: &World) -> String {
    let client = json!({ "client_id": "web", "name": "Web", "app_type": "spa", "callbacks": ["https://app.test/cb"],
        "initiate_login_uri": "https://app.test/login?own=1" });
    world.made("/clients", client, "client_id").await;
    world.made("/organizations", json!({ "name": "acme", "display_name": "Acme" }), "id").await
}

fn invitation(email: &str) -> Value {
    json!({ "inviter": { "name": "Ann" }, "invitee": { "email": email }, "client_id": "web",
        "send_invitation_email": false })
}

#[tokio::test]
async fn an_invitation_is_made_listed_and_revoked() {
    let world = World::start().await;
    let organization = with_acme(&world).await;
    let path = format!("/organizations/{organization}/invitations");
    let role = world.post("/roles", json!({ "name": "reader" })).await.text("id");
    let connection = world.get("/connections").await.all("id").remove(0);
    let mut body = invitation("Bob@example.test");
    body["roles"] = json!([role]);
    body["connection_id"] = json!(connection);
    body["ttl_sec"] = json!(3600);
    body["app_metadata"] = json!({ "seat": 1 });
    let made = world.post(&path, body).await.with(201);
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("uinv_"), "{made}");
    for (name, value) in [
        ("organization_id", json!(organization)),
        ("inviter", json!({ "name": "Ann" })),
        ("invitee", json!({ "email": "bob@example.test" })),
        ("client_id", json!("web")),
        ("connection_id", json!(connection)),
        ("roles", json!([role])),
        ("app_metadata", json!({ "seat": 1 })),
        ("created_at", json!("2027-01-15T08:00:00.000Z")),
        ("expires_at", json!("2027-01-15T09:00:00.000Z")),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    let ticket = made["ticket_id"].as_str().unwrap();
    let url = format!(
        "https://app.test/login?own=1&invitation={ticket}&organization={organization}&organization_name=acme"
    );
    assert_eq!(made["invitation_url"], url);
    assert_eq!(world.get(&format!("{path}/{id}")).await.with(200), made);
    let trimmed = world.get(&format!("{path}/{id}?fields=id,invitee")).await.with(200);
    assert_eq!(trimmed, json!({ "id": id, "invitee": { "email": "bob@example.test" } }));

    world.clock.advance_ms(1000);
    let later = world.made(&path, invitation("cal@example.test"), "id").await;
    assert_eq!(world.get(&path).await.all("id"), [later.as_str(), id], "the newest first");
    assert_eq!(world.get(&format!("{path}?sort=created_at:1")).await.all("id"), [id, later.as_str()]);
    let page = world.get(&format!("{path}?include_totals=true&per_page=1")).await.with(200);
    assert_eq!((&page["total"], &page["invitations"][0]["id"]), (&json!(2), &json!(later)));

    let other = world.made("/organizations", json!({ "name": "beta" }), "id").await;
    world.get(&format!("/organizations/{other}/invitations/{id}")).await.refused(404, "inexistent_resource");
    world
        .delete(&format!("/organizations/{other}/invitations/{id}"))
        .await
        .refused(404, "inexistent_resource");
    world.delete(&format!("{path}/{id}")).await.with(204);
    world.delete(&format!("{path}/{id}")).await.refused(404, "inexistent_resource");
    assert_eq!(world.get(&path).await.all("id"), [later.as_str()]);
    world.delete(&format!("/organizations/{organization}")).await.with(204);
    world.get(&path).await.refused(404, "inexistent_resource");
    world.stop().await;
}

#[tokio::test]
async fn the_invited_person_gets_the_link() {
    let world = World::start().await;
    let path = format!("/organizations/{}/invitations", with_acme(&world).await);
    let mut body = invitation("bob@example.test");
    body.as_object_mut().unwrap().remove("send_invitation_email");
    let made = world.post(&path, body).await.with(201);
    let message = world.message().await;
    assert!(message.contains("To: bob@example.test"), "{message}");
    assert!(message.contains("Subject: You have been invited to join Acme"), "{message}");
    assert!(message.contains("Ann invites you to join Acme."), "{message}");
    assert!(message.contains(made["invitation_url"].as_str().unwrap()), "{message}");
    world.stop().await;
}

#[tokio::test]
async fn what_is_long_over_is_tidied_away() {
    let world = World::start().await;
    let path = format!("/organizations/{}/invitations", with_acme(&world).await);
    world.made(&path, invitation("bob@example.test"), "id").await;
    for (days, email, left) in [(8, "cal@example.test", 2), (30, "dee@example.test", 2)] {
        world.clock.advance_ms(days * 24 * 3600 * 1000);
        let token = world.admin_token(&[]).await.text("access_token");
        let send = |method| world.anonymous(method, &path).bearer_auth(&token);
        world.send(send(Method::POST).json(&invitation(email))).await.with(201);
        assert_eq!(world.send(send(Method::GET)).await.all("id").len(), left, "after {days} more days");
    }
    world.stop().await;
}

#[tokio::test]
async fn bad_input_is_refused() {
    let world = World::start().await;
    let path = format!("/organizations/{}/invitations", with_acme(&world).await);
    for client in [
        json!({ "client_id": "nowhere", "name": "N", "app_type": "spa" }),
        json!({ "client_id": "alone", "name": "A", "app_type": "spa", "organization_usage": "deny",
            "initiate_login_uri": "https://app.test/login" }),
    ] {
        world.made("/clients", client, "client_id").await;
    }
    for (name, value, words) in [
        ("inviter", json!({}), "name"),
        ("inviter", json!({ "name": "" }), "inviter.name"),
        ("inviter", json!({ "name": "x".repeat(301) }), "inviter.name"),
        ("inviter", json!("Ann"), "inviter"),
        ("invitee", json!({ "email": "not an address" }), "invitee.email"),
        ("invitee", json!({ "email": "a@b.test", "name": "A" }), "name"),
        ("client_id", json!("nothing"), "client_id"),
        ("client_id", json!("nowhere"), "initiate_login_uri"),
        ("client_id", json!("alone"), "client_id"),
        ("connection_id", json!("con_nothing"), "connection_id"),
        ("roles", json!(["rol_nothing"]), "roles[0]"),
        ("ttl_sec", json!(2_592_001), "ttl_sec"),
        ("ttl_sec", json!(-1), "ttl_sec"),
        ("colour", json!(1), "colour"),
    ] {
        let mut body = invitation("bob@example.test");
        body[name] = value;
        let message = world.post(&path, body).await.refused(400, "invalid_body");
        assert!(message.contains(words), "{name} {words}: {message}");
    }
    let bad = json!({ "name": "W", "initiate_login_uri": "javascript:alert(1)" });
    world.post("/clients", bad).await.refused(400, "invalid_body");
    world.get(&format!("{path}?sort=name:1")).await.refused(400, "invalid_query_string");
    world.get(&format!("{path}/uinv_nothing")).await.refused(404, "inexistent_resource");
    world
        .post("/organizations/org_nothing/invitations", invitation("a@b.test"))
        .await
        .refused(404, "inexistent_resource");
    assert!(world.get(&path).await.all("id").is_empty());
    world.stop().await;
}
