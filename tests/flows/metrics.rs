//! Every answer of the public listener is counted and timed by endpoint and status.

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_counted_by_endpoint_and_status() {
    let world = World::start().await;
    world.machine_token().await;
    world.post("/oauth/token", &[("grant_type", "unknown")]).await.refused(400, "unsupported_grant_type");
    assert_eq!(world.get("/nowhere").await.status, 404);
    assert_eq!(world.at("nobody").get("/userinfo").await.status, 404);
    let metrics = world.operations("/metrics").await.body;
    for line in [
        r#"jeton_http_responses_total{endpoint="token",status="200"} 1"#,
        r#"jeton_http_responses_total{endpoint="token",status="400"} 1"#,
        r#"jeton_http_responses_total{endpoint="other",status="404"} 1"#,
        r#"jeton_http_responses_total{endpoint="userinfo",status="404"} 1"#,
        r#"jeton_http_request_seconds_count{endpoint="token"} 2"#,
    ] {
        assert!(metrics.lines().any(|own| own == line), "{line}\n{metrics}");
    }
    world.stop().await;
}
