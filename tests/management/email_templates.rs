//! Message templates: made, changed, replaced, and read before they are saved.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_template_is_made_once_changed_and_replaced() {
    let world = World::start().await;
    let draft = json!({ "template": "verify_email", "body": "{{ url }}", "from": "a@b.test", "subject": "Hi",
        "syntax": "liquid", "enabled": true, "resultUrl": "https://app.test/", "urlLifetimeInSeconds": 3600 });
    world.get("/email-templates/verify_email").await.refused(404, "inexistent_resource");
    assert_eq!(world.post("/email-templates", draft.clone()).await.with(200)["urlLifetimeInSeconds"], 3600);
    world.post("/email-templates", draft).await.refused(409, "resource_conflict");
    let path = "/email-templates/verify_email";
    let changed = world.patch(path, json!({ "subject": "Hello", "resultUrl": null })).await.with(200);
    assert_eq!((&changed["subject"], &changed["body"]), (&json!("Hello"), &json!("{{ url }}")));
    assert!(changed.get("resultUrl").is_none(), "{changed}");
    let replaced = world.put(path, json!({ "body": "x", "enabled": false })).await.with(200);
    assert_eq!((&replaced["subject"], &replaced["body"]), (&json!(""), &json!("x")));
    assert_eq!(world.get(path).await.with(200), replaced);
    assert_eq!(world.put("/email-templates/user_invitation", json!({ "body": "y" })).await.status, 200);
    world.stop().await;
}

#[tokio::test]
async fn what_does_not_read_is_refused_by_name() {
    let world = World::start().await;
    for (path, body, named) in [
        ("/email-templates/nonsense", json!({ "body": "x" }), "template"),
        ("/email-templates/reset_email", json!({ "body": "{% include 'x' %}" }), "body"),
        ("/email-templates/reset_email", json!({ "subject": "{{" }), "subject"),
        ("/email-templates/reset_email", json!({ "template": "verify_email" }), "name"),
        ("/email-templates/reset_email", json!({ "colour": "red" }), "colour"),
    ] {
        let message = world.put(path, body).await.refused(400, "invalid_body");
        assert!(message.contains(named), "{named}: {message}");
    }
    world.patch("/email-templates/reset_email", json!({})).await.refused(404, "inexistent_resource");
    world.stop().await;
}

#[tokio::test]
async fn a_passwordless_connection_has_people_without_passwords() {
    let world = World::start().await;
    let new = json!({ "name": "email", "strategy": "email", "options": { "totp": { "time_step": 300, "length": 6 } } });
    let made = world.post("/connections", new).await.with(201);
    assert_eq!((&made["strategy"], &made["options"]["totp"]["time_step"]), (&json!("email"), &json!(300)));
    assert_eq!(world.get("/connections?strategy=email").await.all("name"), ["email"]);
    let user = json!({ "connection": "email", "email": "a@example.test" });
    let id = world.made("/users", user, "user_id").await;
    assert!(id.starts_with("email|"), "{id}");
    let user = json!({ "connection": "email", "email": "b@example.test", "password": "Correct-Horse-1" });
    world.post("/users", user).await.refused(400, "invalid_body");
    world
        .post("/connections", json!({ "name": "sms", "strategy": "sms" }))
        .await
        .refused(400, "invalid_body");
    let wrong = json!({ "name": "x", "strategy": "email", "options": { "totp": { "length": 4 } } });
    world.post("/connections", wrong).await.refused(400, "invalid_body");
    world.stop().await;
}
