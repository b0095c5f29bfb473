//! Revocation (RFC 7009): the whole family, own client only, and always in quiet words.

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn revoking_any_token_of_a_family_ends_all_of_them() {
    let world = World::start().await;
    let first = world.login("app", "offline_access").await.refresh_token();
    let second = world.refresh("app", &first).await.refresh_token();
    let revoked = world.post("/oauth/revoke", &[("client_id", "app"), ("token", &first)]).await;
    assert_eq!((revoked.status, revoked.body.as_str()), (200, ""));
    world.refresh("app", &second).await.refused(400, "invalid_grant");
    let again = world.post("/oauth/revoke", &[("client_id", "app"), ("token", &first)]).await;
    assert_eq!(again.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_own_client_may_revoke() {
    let world = World::start().await;
    let token = world.login("app", "offline_access").await.refresh_token();
    let other = world.post("/oauth/revoke", &[("client_id", "strict"), ("token", &token)]).await;
    other.refused(400, "invalid_grant");
    let nobody = world.post("/oauth/revoke", &[("client_id", "web"), ("token", &token)]).await;
    nobody.refused(401, "invalid_client");
    assert_eq!(world.refresh("app", &token).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_revoked_is_answered_like_what_was() {
    let world = World::start().await;
    for token in ["rt_nonsense", "whatever", "eyJhbGciOiJub25lIn0.e30."] {
        let answer = world.post("/oauth/revoke", &[("client_id", "app"), ("token", token)]).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{token}");
    }
    world.post("/oauth/revoke", &[("client_id", "app")]).await.refused(400, "invalid_request");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_one_family_leaves_the_session_and_the_other_family() {
    let world = World::start().await;
    let one = world.login("app", "offline_access").await.refresh_token();
    let two = world.login("app", "offline_access").await.refresh_token();
    world.post("/oauth/revoke", &[("client_id", "app"), ("token", &one)]).await;
    assert_eq!(world.refresh("app", &two).await.status, 200);
    world.stop().await;
}
