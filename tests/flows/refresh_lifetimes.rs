//! How long refresh tokens live: absolute, idle, non-rotating, and a user who is not wanted any more.

use jeton::model::client::{Client, RotationType};
use jeton::model::user::User;
use jeton::protocol::ids::TenantId;
use jeton::store::records::Expect;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_non_rotating_token_stays_and_slides_until_its_end() {
    let world = World::start().await;
    let token = world.login("steady", "offline_access").await.refresh_token();
    for _ in 0..3 {
        let answer = world.refresh("steady", &token).await;
        assert!(answer.json().get("refresh_token").is_none(), "{answer:?}");
        world.clock.advance_ms(80_000);
    }
    assert_eq!(world.refresh("steady", &token).await.status, 200, "240 s old, used 80 s ago");
    world.clock.advance_ms(10_000);
    world.refresh("steady", &token).await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stops_rotating_learns_the_last_token() {
    let world = World::start().await;
    let first = world.login("app", "offline_access").await.refresh_token();
    let second = world.refresh("app", &first).await.refresh_token();
    let tenant = TenantId::from("default");
    let catalog = world.engine().cached().catalog();
    let mut app = catalog.find::<Client>(&tenant, "app").await.unwrap().unwrap();
    app.record.refresh_token.rotation_type = RotationType::NonRotating;
    catalog.save(&app.record, Expect::Version(app.version)).await.unwrap();
    world.until_client_is("app", &app.record).await;
    assert_eq!(world.refresh("app", &first).await.refresh_token(), second);
    let steady = world.refresh("app", &second).await;
    assert!(steady.json().get("refresh_token").is_none(), "{steady:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_token_dies_early() {
    let world = World::start().await;
    let token = world.login("steady", "offline_access").await.refresh_token();
    world.clock.advance_ms(100_001);
    world.refresh("steady", &token).await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotation_never_extends_the_absolute_lifetime() {
    let world = World::start().await;
    let mut token = world.login("app", "offline_access").await.refresh_token();
    for _ in 0..3 {
        world.clock.advance_ms(864_000_000 - 1000);
        token = world.refresh("app", &token).await.refresh_token();
    }
    world.clock.advance_ms(3000);
    world.refresh("app", &token).await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_user_is_refused_and_nothing_is_consumed() {
    let world = World::start().await;
    let token = world.login("app", "offline_access").await.refresh_token();
    world.change_ann(|ann| ann.blocked = true).await;
    world.refresh("app", &token).await.refused(400, "invalid_grant");
    world.change_ann(|ann| ann.blocked = false).await;
    assert_eq!(world.refresh("app", &token).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_from_before_the_not_before_epoch_are_dead() {
    let world = World::start().await;
    let token = world.login("app", "offline_access").await.refresh_token();
    world.clock.advance_ms(5);
    let now = world.clock.now();
    world.change_ann(move |ann| ann.not_before = now).await;
    world.refresh("app", &token).await.refused(400, "invalid_grant");
    let fresh = world.login("app", "offline_access").await.refresh_token();
    assert_eq!(world.refresh("app", &fresh).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_user_is_refused() {
    let world = World::start().await;
    let token = world.login("app", "offline_access").await.refresh_token();
    let tenant = TenantId::from("default");
    world.engine().cached().catalog().remove::<User>(&tenant, "auth0|ann").await.unwrap();
    world.until_refused("app", &token).await;
    world.stop().await;
}
