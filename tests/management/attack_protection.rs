//! Attack protection: Auth0's shapes, in force at once; who is blocked, and letting them in again.

use serde_json::json;

use crate::world::{World, encoded};

#[tokio::test]
async fn each_part_is_shown_and_changed_member_by_member() {
    let world = World::start().await;
    let path = "/attack-protection/brute-force-protection";
    let standing = world.get(path).await.with(200);
    assert_eq!(
        standing,
        json!({ "enabled": true, "shields": ["block", "user_notification"], "allowlist": [],
            "mode": "count_per_identifier_and_ip", "max_attempts": 10 })
    );
    let changed = world.patch(path, json!({ "max_attempts": 3, "shields": ["block"] })).await.with(200);
    assert_eq!((&changed["max_attempts"], &changed["enabled"]), (&json!(3), &json!(true)));
    assert_eq!(world.get(path).await.with(200), changed);

    let path = "/attack-protection/suspicious-ip-throttling";
    let stage = json!({ "pre-login": { "max_attempts": 7, "rate": 1000 } });
    let changed =
        world.patch(path, json!({ "stage": stage, "allowlist": ["10.0.0.0/8", "::1"] })).await.with(200);
    assert_eq!(changed["stage"]["pre-login"], json!({ "max_attempts": 7, "rate": 1000 }));
    assert_eq!(changed["stage"]["pre-user-registration"]["max_attempts"], 50, "the other stage stays");

    let path = "/attack-protection/breached-password-detection";
    let standing = world.get(path).await.with(200);
    assert_eq!((&standing["enabled"], &standing["method"]), (&json!(false), &json!("standard")));
    assert_eq!(standing["admin_notification_frequency"], json!([]));
    let stage = json!({ "pre-change-password": { "shields": ["block"] } });
    let changed = world.patch(path, json!({ "enabled": true, "stage": stage })).await.with(200);
    assert_eq!(changed["stage"]["pre-change-password"]["shields"], json!(["block"]));
    world.stop().await;
}

#[tokio::test]
async fn what_is_out_of_bounds_is_refused_by_name() {
    let world = World::start().await;
    for (part, body, named) in [
        ("brute-force-protection", json!({ "max_attempts": 0 }), "max_attempts"),
        ("brute-force-protection", json!({ "max_attempts": 101 }), "max_attempts"),
        ("brute-force-protection", json!({ "mode": "sometimes" }), "mode"),
        ("brute-force-protection", json!({ "shields": ["moat"] }), "shields"),
        ("brute-force-protection", json!({ "shields": ["block", "block"] }), "shields"),
        ("brute-force-protection", json!({ "allowlist": ["somewhere"] }), "allowlist"),
        ("brute-force-protection", json!({ "nonsense": 1 }), "nonsense"),
        (
            "suspicious-ip-throttling",
            json!({ "stage": { "pre-login": { "max_attempts": 0, "rate": 1 } } }),
            "max_attempts",
        ),
        ("suspicious-ip-throttling", json!({ "stage": { "pre-login": { "max_attempts": 1 } } }), "rate"),
        ("suspicious-ip-throttling", json!({ "stage": { "post-login": {} } }), "post-login"),
        ("breached-password-detection", json!({ "method": "magic" }), "method"),
        (
            "breached-password-detection",
            json!({ "admin_notification_frequency": ["daily"] }),
            "admin_notification",
        ),
    ] {
        let refused = world.patch(&format!("/attack-protection/{part}"), body).await;
        let message = refused.refused(400, "invalid_body");
        assert!(message.contains(named), "{named}: {message}");
    }
    world.get("/attack-protection/nonsense").await.refused(404, "not_found");
    world.stop().await;
}

#[tokio::test]
async fn a_block_is_seen_and_taken_away() {
    let world = World::start().await;
    let ann = world.with_ann().await;
    for _ in 0..10 {
        assert_eq!(world.login(&[("password", "wrong")]).await.status, 400);
    }
    let blocked = world.login(&[]).await;
    assert_eq!((blocked.status, &blocked.json()["error"]), (429, &json!("too_many_attempts")));
    let path = format!("/user-blocks/{}", encoded(&ann));
    let expected = json!({ "blocked_for": [{ "identifier": "ann@example.test", "ip": "127.0.0.1",
        "connection": "Username-Password-Authentication" }] });
    assert_eq!(world.get(&path).await.with(200), expected);
    assert_eq!(world.get("/user-blocks?identifier=ann@example.test").await.with(200), expected);
    world.delete(&path).await.with(204);
    assert_eq!(world.get(&path).await.with(200), json!({ "blocked_for": [] }));
    assert_eq!(world.login(&[]).await.status, 200);
    for _ in 0..10 {
        world.login(&[("password", "wrong")]).await;
    }
    world.delete("/user-blocks?identifier=ann@example.test").await.with(204);
    assert_eq!(world.login(&[]).await.status, 200);
    world.get("/user-blocks?identifier=who@example.test").await.refused(404, "inexistent_resource");
    world.get("/user-blocks/auth0%7Cnobody").await.refused(404, "inexistent_resource");
    world.delete("/user-blocks/auth0%7Cnobody").await.refused(404, "inexistent_resource");
    world.get("/user-blocks").await.refused(400, "invalid_query_string");
    world.stop().await;
}

#[tokio::test]
async fn an_address_is_seen_and_let_in_again() {
    let world = World::start().await;
    world.with_ann().await;
    let stage = json!({ "pre-login": { "max_attempts": 2, "rate": 600_000 } });
    world.patch("/attack-protection/suspicious-ip-throttling", json!({ "stage": stage })).await.with(200);
    let mut last = 0;
    for nth in 0..200 {
        last = world.login(&[("password", "wrong")]).await.status;
        if last == 429 && nth >= 2 {
            break;
        }
        world.delete("/user-blocks?identifier=ann@example.test").await;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(last, 429);
    let path = "/anomaly/blocks/ips/127.0.0.1";
    assert_eq!(world.get(path).await.status, 200);
    world.delete(path).await.with(204);
    world.get(path).await.refused(404, "inexistent_resource");
    assert_eq!(world.login(&[]).await.status, 200);
    world.get("/anomaly/blocks/ips/nowhere").await.refused(400, "invalid_uri");
    world.stop().await;
}

#[tokio::test]
async fn logs_tell_who_guessed_and_who_was_blocked() {
    let world = World::start().await;
    world.with_ann().await;
    for _ in 0..11 {
        world.login(&[("password", "wrong")]).await;
    }
    let unknown = [("grant_type", "password"), ("client_id", "app"), ("username", "who"), ("password", "x")];
    world.token(&unknown).await;
    for _ in 0..200 {
        let types = world.get("/logs?per_page=100").await.all("type");
        if ["fp", "fu", "limit_wc"].iter().all(|kind| types.iter().any(|own| own == kind)) {
            assert_eq!(types.iter().filter(|kind| *kind == "fp").count(), 10);
            return world.stop().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the log does not tell");
}
