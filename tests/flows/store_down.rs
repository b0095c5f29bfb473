//! The store is down: 503 with `Retry-After`, machines go on from cache, and no rotation is half done.

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn machines_go_on_and_people_are_told_to_retry() {
    let world = World::start().await;
    let login = world.login("app", "offline_access").await;
    let first = world.refresh("app", &login.refresh_token()).await.refresh_token();
    world.machine_token().await;
    world.store.set_down(true);
    world.machine_token().await;
    let refused = world.refresh("app", &first).await;
    refused.refused(503, "temporarily_unavailable");
    assert_eq!(refused.headers["retry-after"], "1");
    let login = World::login_form("app", "openid", "https://api.test/");
    world.token(&login).await.refused(503, "temporarily_unavailable");
    assert_eq!(world.operations("/health/ready").await.status, 503);
    assert_eq!(world.operations("/health/alive").await.status, 200);
    world.store.set_down(false);
    assert_eq!(world.operations("/health/ready").await.status, 200);
    assert_eq!(world.refresh("app", &first).await.status, 200, "the refused refresh consumed nothing");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn warm_requests_ask_the_store_for_exactly_what_the_design_allows() {
    let world = World::start().await;
    world.machine_token().await;
    let login = world.login_in("app", "openid offline_access", Some("acme")).await;
    let warm = world.refresh_with("app", &login.refresh_token(), &[("organization", "beta")]).await;
    let warm = world.refresh("app", &warm.refresh_token()).await;

    let before = world.store.calls();
    world.machine_token().await;
    assert_eq!(world.store.calls() - before, 0, "client_credentials");
    let next = world.refresh("app", &warm.refresh_token()).await;
    assert_eq!(world.store.calls() - before, 1, "a refresh");
    world.refresh_with("app", &next.refresh_token(), &[("organization", "beta")]).await.access_token();
    assert_eq!(world.store.calls() - before, 2, "a refresh with an organization");
    world.stop().await;
}
