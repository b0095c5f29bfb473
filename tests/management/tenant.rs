//! What belongs to the tenant as a whole: settings, connections, keys, logs, the document.

use reqwest::Method;
use serde_json::json;

use crate::world::{World, encoded};

#[tokio::test]
async fn settings_are_in_auth0s_units() {
    let world = World::start().await;
    let settings = world.get("/tenants/settings").await.with(200);
    assert_eq!(
        (&settings["session_lifetime"], &settings["idle_session_lifetime"]),
        (&json!(168), &json!(72))
    );
    let change = json!({ "friendly_name": "Mine", "session_lifetime": 100, "refresh_token_leeway": 5 });
    let changed = world.patch("/tenants/settings", change).await.with(200);
    assert_eq!((&changed["friendly_name"], &changed["session_lifetime"]), (&json!("Mine"), &json!(100)));
    assert_eq!(changed["idle_session_lifetime"], 72);
    let bad = world.patch("/tenants/settings", json!({ "session_lifetime": 1 })).await;
    assert!(bad.refused(400, "invalid_body").contains("idle_session_lifetime"));
    world.stop().await;
}

#[tokio::test]
async fn a_connections_policy_holds_for_new_passwords() {
    let world = World::start().await;
    let listed = world.get("/connections?strategy=auth0").await;
    assert_eq!(listed.all("name"), ["Username-Password-Authentication"]);
    let path = format!("/connections/{}", listed.all("id")[0]);
    let change = json!({ "options": { "passwordPolicy": "good", "disable_signup": true } });
    assert_eq!(world.patch(&path, change).await.with(200)["options"]["disable_signup"], true);
    let user = |password: &str| {
        let connection = "Username-Password-Authentication";
        json!({ "connection": connection, "email": "a@example.test", "password": password })
    };
    let weak = world.post("/users", user("passwords")).await.refused(400, "invalid_body");
    assert_eq!(weak, "PasswordStrengthError: Password is too weak");
    world.made("/users", user("Passw0rds"), "user_id").await;
    world.delete(&path).await.refused(400, "invalid_body");

    let new = json!({ "name": "partners", "strategy": "auth0" });
    let partners = world.made("/connections", new.clone(), "id").await;
    world.post("/connections", new).await.refused(409, "resource_conflict");
    let elsewhere = json!({ "connection": "partners", "email": "a@example.test", "password": "whatever1" });
    let other = world.made("/users", elsewhere, "user_id").await;
    assert_eq!(world.get("/users-by-email?email=a@example.test").await.all("user_id").len(), 2);
    let needed = world.delete(&format!("/connections/{partners}")).await.refused(409, "resource_conflict");
    assert!(needed.contains("still has users"), "{needed}");
    world.delete(&format!("/users/{}", encoded(&other))).await.with(204);
    world.delete(&format!("/connections/{partners}")).await.with(204);
    let nowhere = json!({ "connection": "partners", "email": "b@example.test" });
    world.post("/users", nowhere).await.refused(400, "invalid_body");
    world.stop().await;
}

#[tokio::test]
async fn keys_are_rotated_and_revoked() {
    let world = World::start().await;
    let before = world.get("/keys/signing").await.with(200);
    let current = |keys: &serde_json::Value| {
        let keys = keys.as_array().unwrap();
        let key = keys.iter().find(|key| key["current"] == true && key["alg"] == "EdDSA").unwrap();
        key["kid"].as_str().unwrap().to_owned()
    };
    let old = current(&before);
    assert!(!before.to_string().contains("sealed"), "{before}");
    for key in before.as_array().unwrap() {
        let text = |name: &str| key[name].as_str().unwrap();
        assert!(text("cert").starts_with("-----BEGIN CERTIFICATE-----\n"), "{key}");
        assert_eq!(text("fingerprint").replace(':', ""), text("thumbprint"));
        assert_eq!((text("thumbprint").len(), text("fingerprint").len()), (40, 59));
    }
    let rotated = world.post("/keys/signing/rotate", json!({})).await.with(201);
    assert_ne!(rotated["kid"], old.as_str());
    let after = world.get("/keys/signing").await.with(200);
    assert_eq!(current(&after), rotated["kid"].as_str().unwrap());
    // The administrator's own token was signed by the old key, which still verifies, until it is revoked.
    let revoked = world.put(&format!("/keys/signing/{old}/revoke"), json!({})).await.with(200);
    assert_eq!((&revoked["kid"], &revoked["revoked"]), (&json!(old), &json!(true)));
    world.get("/keys/signing").await.refused(401, "invalid_token");
    let fresh = world.admin_token(&[]).await.text("access_token");
    let request = world.anonymous(Method::GET, &format!("/keys/signing/{old}")).bearer_auth(fresh);
    world.send(request).await.refused(404, "inexistent_resource");
    world.stop().await;
}

#[tokio::test]
async fn logs_say_what_was_done_and_what_failed() {
    let world = World::start().await;
    world.with_ann().await;
    world.login(&[("password", "wrong")]).await;
    let mut types = Vec::new();
    for _ in 0..200 {
        types = world.get("/logs").await.all("type");
        if types.iter().any(|kind| kind == "fepft")
            && types.iter().filter(|kind| *kind == "sapi").count() == 3
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(types.iter().filter(|kind| *kind == "sapi").count(), 3, "{types:?}");
    let page =
        world.get("/logs?q=type:sapi%20AND%20client_id:admin&include_totals=true&per_page=2").await.with(200);
    assert_eq!((&page["total"], &page["length"]), (&json!(3), &json!(2)));
    let all = world.get("/logs?take=100").await.all("log_id");
    let one = world.get(&format!("/logs/{}", all[0])).await.with(200);
    assert_eq!(one["log_id"], all[0].as_str());
    assert_eq!(world.get(&format!("/logs?from={}&take=2", all[0])).await.all("log_id"), all[1..3]);
    let failed = world.get("/logs?q=type:fepft&take=10").await;
    assert_eq!(failed.all("type"), ["fepft"]);
    assert!(failed.headers.get("link").is_none(), "nothing comes after: {failed:?}");
    let (mut seen, mut next) = (Vec::new(), Some("/logs?take=2&q=type:sapi".to_owned()));
    while let Some(path) = next {
        let page = world.get(&path).await;
        seen.extend(page.all("type"));
        next = page.headers.get("link").map(|link| {
            let link = link.to_str().unwrap();
            let (address, rel) = link.trim_start_matches('<').split_once(">; ").unwrap();
            assert_eq!(rel, "rel=\"next\"");
            address.split_once("/api/v2").unwrap().1.to_owned()
        });
    }
    assert_eq!(seen, ["sapi"; 3]);
    assert_eq!(world.get("/logs?sort=date:1").await.all("log_id")[0], all[0]);
    assert_eq!(world.get("/logs?q=date:2027-01-15&per_page=1").await.all("type").len(), 1);
    assert!(world.get("/logs?q=date:%5B*%20TO%202027-01-14%5D").await.all("type").is_empty());
    for query in ["q=colour:red", "q=date:yesterday", "sort=type:1", "sort=date:-1&take=2"] {
        world.get(&format!("/logs?{query}")).await.refused(400, "invalid_query_string");
    }
    world.get("/logs/nothing").await.refused(404, "inexistent_resource");
    world.stop().await;
}

#[tokio::test]
async fn the_document_describes_what_is_there() {
    let world = World::start().await;
    let document = world.send(world.anonymous(Method::GET, "/openapi.json")).await.with(200);
    assert_eq!(document["openapi"], "3.1.0");
    let clients = &document["paths"]["/clients"];
    assert_eq!(
        clients["post"]["requestBody"]["content"]["application/json"]["schema"]["required"],
        json!(["name"])
    );
    assert!(document["paths"]["/users/{user_id}"]["patch"]["responses"]["412"].is_object());
    world.stop().await;
}

#[tokio::test]
async fn another_tenants_things_are_not_there() {
    let world = World::start().await;
    let session = world.session_of_another_tenant().await;
    world.get(&format!("/sessions/{session}")).await.refused(404, "inexistent_resource");
    world.delete(&format!("/sessions/{session}")).await.refused(404, "inexistent_resource");
    let elsewhere = world.request_at("other.localhost", Method::GET, "/clients");
    world.send(elsewhere).await.refused(401, "invalid_token");
    world.stop().await;
}

#[tokio::test]
async fn flags_and_the_life_of_pushed_requests_are_settings() {
    let world = World::start().await;
    let path = "/tenants/settings";
    let shown = world.get(path).await.with(200);
    assert_eq!(
        shown["flags"]["enable_dynamic_client_registration"], false,
        "nobody registers unless asked to"
    );
    assert_eq!(shown["pushed_authorization_request_lifetime"], 60);
    let flags = json!({ "flags": { "enable_dynamic_client_registration": true } });
    assert_eq!(world.patch(path, flags).await.with(200)["flags"]["enable_dynamic_client_registration"], true);
    let kept = world
        .patch(path, json!({ "flags": {}, "pushed_authorization_request_lifetime": 90 }))
        .await
        .with(200);
    assert_eq!(kept["flags"]["enable_dynamic_client_registration"], true, "what is not named stays");
    assert_eq!(kept["pushed_authorization_request_lifetime"], 90);
    for bad in [
        json!({ "flags": { "enable_everything": true } }),
        json!({ "flags": { "enable_dynamic_client_registration": "yes" } }),
        json!({ "flags": null }),
        json!({ "pushed_authorization_request_lifetime": 4 }),
    ] {
        world.patch(path, bad).await.refused(400, "invalid_body");
    }
    world.stop().await;
}
