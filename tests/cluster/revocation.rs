//! What ends at one process has ended at the other.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::caller::Caller;
use crate::world::{World, measured};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_revoked_at_one_process_is_refused_at_the_other_at_once() {
    let world = World::start().await;
    let (a, b) = (world.a(), world.b());
    for _ in 0..20 {
        let first = a.login("ada").await;
        let token = b.refresh(&first).await.refresh_token();
        assert!(b.active(&token).await);
        assert_eq!(a.revoke(&token).await.status, 200);
        b.refresh(&token).await.refused();
        assert!(!b.active(&token).await);
        a.refresh(&token).await.refused();
    }
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_blocked_by_a_third_process_is_refused_within_a_second() {
    let world = World::start().await;
    let (a, b) = (world.a(), world.b());
    let (at_a, at_b) = (a.login("grace").await, b.login("grace").await);
    let stays = b.login("ada").await;
    let block = |blocked: bool| {
        let user = json!({ "user_id": "auth0|demo-grace", "blocked": blocked });
        world.import(&json!({ "tenants": [{ "id": "demo", "users": [user] }] }));
    };
    // Warm, so that only the change feed can tell.
    let (at_a, at_b) = (a.refresh(&at_a).await.refresh_token(), b.refresh(&at_b).await.refresh_token());
    block(true);
    let acknowledged = Instant::now();
    let (one, other) =
        tokio::join!(until_refused(&a, at_a, acknowledged), until_refused(&b, at_b, acknowledged));
    measured("a blocked user was refused after, at A", one);
    measured("a blocked user was refused after, at B", other);
    assert!(one.max(other) < Duration::from_secs(1), "{one:?} {other:?}");
    assert_ne!(b.try_login("grace").await.status, 200);
    assert_eq!(b.refresh(&stays).await.status, 200, "others are not");
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_given_by_a_third_process_show_within_a_second() {
    let world = World::start().await;
    let b = world.b();
    let globex = [("organization", "globex")];
    let token = b.login("linus").await;
    assert_eq!(b.try_refresh(&token, &globex).await.unwrap().status, 403, "absence is remembered");
    let organization = json!({ "id": "org_demo_globex", "members": [{ "user": "linus@demo.example" }] });
    world.import(&json!({ "tenants": [{ "id": "demo", "organizations": [organization] }] }));
    let acknowledged = Instant::now();
    while b.try_refresh(&token, &globex).await.unwrap().status != 200 {
        assert!(acknowledged.elapsed() < Duration::from_secs(1), "still no member");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    measured("a new member was let in after", acknowledged.elapsed());
    world.stop();
}

/// Refreshes, each time with the newest token, until that is refused.
async fn until_refused(caller: &Caller, mut token: String, since: Instant) -> Duration {
    loop {
        let answer = caller.refresh(&token).await;
        if answer.status != 200 {
            answer.refused();
            return since.elapsed();
        }
        token = answer.refresh_token();
        assert!(since.elapsed() < Duration::from_secs(30), "never refused");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
