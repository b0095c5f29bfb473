//! How often one may ask, and what of it is written down.

use reqwest::Method;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_when_to_come_back() {
    let world = World::with(|config| {
        config.management.requests_per_second = 1;
        config.management.requests_burst = 3;
    })
    .await;
    for remaining in ["2", "1", "0"] {
        let answer = world.get("/clients").await;
        answer.with(200);
        assert_eq!(answer.headers["x-ratelimit-limit"], "3");
        assert_eq!(answer.headers["x-ratelimit-remaining"], remaining);
    }
    let refused = world.get("/clients").await;
    refused.refused(429, "too_many_requests");
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(refused.headers["x-ratelimit-remaining"], "0");
    assert_eq!(refused.headers["x-ratelimit-reset"], "1800000003");
    // Nobody else is kept waiting: neither other clients, nor those who are told to bring a token.
    let nobody = world.send(world.anonymous(Method::GET, "/clients")).await;
    nobody.refused(401, "invalid_token");
    assert!(nobody.headers.get("x-ratelimit-limit").is_none());
    world.clock.advance_ms(1_000);
    // What is refused for another reason counts and says so too.
    let missing = world.get("/clients/nothing").await;
    missing.refused(404, "inexistent_resource");
    assert_eq!(missing.headers["x-ratelimit-remaining"], "0");
    world.get("/clients").await.refused(429, "too_many_requests");
    let logged = logged(&world, "api_limit", 1).await;
    assert_eq!(logged.len(), 1, "{logged:?}");
    world.stop().await;
}

#[tokio::test]
async fn refusals_are_logged_for_whoever_has_a_good_token_and_no_stranger() {
    let world = World::start().await;
    let reader = world.admin_token(&[("scope", "read:clients")]).await.text("access_token");
    for token in ["nonsense", "a.b.c"] {
        let request = world.anonymous(Method::DELETE, "/clients/admin").bearer_auth(token);
        world.send(request).await.refused(401, "invalid_token");
    }
    world.get("/clients/nothing").await.refused(404, "inexistent_resource");
    let request = world.anonymous(Method::GET, "/users").bearer_auth(&reader);
    world.send(request).await.refused(403, "insufficient_scope");
    let long = "x".repeat(5_000);
    world.post("/clients", json!({ long: 1 })).await.refused(400, "invalid_body");
    let described = logged(&world, "fapi", 2).await;
    assert_eq!(described.len(), 2, "{described:?}");
    assert!(described[0].starts_with("Create a client: Payload validation error"), "{described:?}");
    assert!(described[0].len() <= 256);
    assert!(described[1].starts_with("List or search users: Insufficient scope"), "{described:?}");
    world.stop().await;
}

/// The descriptions of the log's events of a kind, newest first, once there are so many. The store is asked: who asks
/// the API is counted.
async fn logged(world: &World, kind: &str, many: usize) -> Vec<String> {
    for _ in 0..200 {
        let events = world.engine().store().recent(&"default".into(), None, 100).await.unwrap();
        let of_kind = events.into_iter().filter(|logged| logged.event.event.code() == kind);
        let described: Vec<_> = of_kind.map(|logged| logged.event.description).collect();
        if described.len() >= many {
            return described;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no {kind} in the log");
}
