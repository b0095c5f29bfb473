//! Introspection (RFC 7662): for authenticated clients; inactive at once when the session ends.

use jeton::model::oidc_logout::Initiator;
use jeton::protocol::ids::{SessionId, TenantId};

use crate::answer::header;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_is_active_until_its_session_ends() {
    let world = World::start().await;
    let login = world.login("app", "openid read:things offline_access").await;
    let found = world.introspect(&login.access_token()).await.json();
    assert_eq!(found["active"], true);
    for (name, value) in [("sub", "auth0|ann"), ("client_id", "app"), ("token_type", "Bearer")] {
        assert_eq!(found[name], value);
    }
    let sid = SessionId::parse(found["sid"].as_str().unwrap()).unwrap();
    world.engine().end_session(sid, Initiator::SessionRevoked).await.unwrap();
    let after = world.introspect(&login.access_token()).await;
    assert_eq!(after.body, r#"{"active":false}"#);
    world.refresh("app", &login.refresh_token()).await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_token_is_active_until_it_expires() {
    let world = World::start().await;
    let token = world.machine_token().await;
    assert_eq!(world.introspect(&token).await.json()["active"], true);
    world.clock.advance_ms(600_000);
    assert_eq!(world.introspect(&token).await.body, r#"{"active":false}"#);
    world.stop().await;
}

/// The signature of a token that comes back again and again is not checked each time; that may not outlive the key.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_well_known_dies_with_its_key() {
    let world = World::start().await;
    let token = world.machine_token().await;
    for _ in 0..3 {
        assert_eq!(world.introspect(&token).await.json()["active"], true);
    }
    let kid = header(&token)["kid"].as_str().unwrap().to_owned();
    let keyring = &world.engine().actors().keyring;
    assert!(keyring.revoke(&TenantId::from("default"), &kid).await.unwrap());
    assert_eq!(world.introspect(&token).await.body, r#"{"active":false}"#);
    let next = world.machine_token().await;
    assert_eq!(world.introspect(&next).await.json()["active"], true);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_active_for_its_own_client_while_it_is_current() {
    let world = World::start().await;
    let mine = [("client_id", "web"), ("client_secret", World::WEB_SECRET)];
    let login = world.login_with(&mine, "offline_access").await;
    let first = login.refresh_token();
    assert_eq!(world.introspect(&first).await.json()["active"], true);
    let form = [("grant_type", "refresh_token"), ("refresh_token", first.as_str()), mine[0], mine[1]];
    let second = world.token(&form).await.refresh_token();
    assert_eq!(world.introspect(&first).await.body, r#"{"active":false}"#);
    assert_eq!(world.introspect(&second).await.json()["active"], true);
    let others = world.login("app", "offline_access").await.refresh_token();
    assert_eq!(world.introspect(&others).await.body, r#"{"active":false}"#);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_introspects_without_proof_and_nonsense_is_inactive() {
    let world = World::start().await;
    let token = world.machine_token().await;
    world
        .post("/oauth/introspect", &[("token", &token), ("client_id", "app")])
        .await
        .refused(401, "invalid_client");
    world.post("/oauth/introspect", &[("token", &token)]).await.refused(400, "invalid_request");
    for nonsense in ["x", "a.b.c", "rt_AAAA", "eyJhbGciOiJub25lIn0.e30."] {
        assert_eq!(world.introspect(nonsense).await.body, r#"{"active":false}"#, "{nonsense}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_users_token_is_inactive() {
    let world = World::start().await;
    let token = world.login("app", "openid").await.access_token();
    assert_eq!(world.introspect(&token).await.json()["active"], true);
    world.change_ann(|ann| ann.blocked = true).await;
    assert_eq!(world.introspect(&token).await.body, r#"{"active":false}"#);
    world.stop().await;
}
