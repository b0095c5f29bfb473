//! Refresh: the table of design §5 seen from outside, and real parallelism.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::FutureExt as _;
use jeton::model::family::Presented;
use jeton::protocol::ids::TenantId;

use crate::answer::claims;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_gives_a_successor_and_the_same_person() {
    let world = World::start().await;
    let login = world.login("app", "openid profile offline_access read:things").await;
    let answer = world.refresh("app", &login.refresh_token()).await;
    assert_ne!(answer.refresh_token(), login.refresh_token());
    let (before, after) = (login.claims(), answer.claims());
    for same in ["iss", "sub", "aud", "azp", "scope", "sid", "auth_time"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert_eq!((&before["gty"], &after["gty"]), (&"password".into(), &"refresh_token".into()));
    assert_ne!(before["jti"], after["jti"]);
    let id = claims(&answer.text("id_token"));
    assert_eq!(
        (&id["sub"], &id["aud"], &id["name"]),
        (&"auth0|ann".into(), &"app".into(), &"Ann Example".into())
    );
    assert_eq!(id["sid"], after["sid"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_parallel_refreshes_agree_on_one_successor() {
    let world = World::start().await;
    let login = world.login("app", "offline_access").await;
    let answers = world.refresh_in_parallel("app", &login.refresh_token(), 64).await;
    let successors: HashSet<_> = answers.iter().map(crate::answer::Answer::refresh_token).collect();
    assert_eq!((answers.len(), successors.len()), (64, 1));
    let next = successors.into_iter().next().unwrap();
    assert_eq!(world.refresh("app", &next).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_within_the_leeway_is_not_a_theft_and_after_it_is() {
    let world = World::start().await;
    let first = world.login("app", "offline_access").await.refresh_token();
    let second = world.refresh("app", &first).await.refresh_token();
    world.clock.advance_ms(30_000);
    assert_eq!(world.refresh("app", &first).await.refresh_token(), second);
    world.clock.advance_ms(1);
    world.refresh("app", &first).await.refused(400, "invalid_grant");
    world.refresh("app", &second).await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_leeway_counts_from_the_rotation_and_not_from_when_its_request_came() {
    let world = World::start().await;
    let first = world.login("app", "offline_access").await.refresh_token();
    world.store.slow_once(&world.clock, 6_000); // to look the membership up
    let second = world.refresh_with("app", &first, &[("organization", "acme")]).await.refresh_token();
    world.clock.advance_ms(30_000);
    assert_eq!(world.refresh("app", &first).await.refresh_token(), second);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grandparent_is_a_theft_at_once() {
    let world = World::start().await;
    let first = world.login("app", "offline_access").await.refresh_token();
    let second = world.refresh("app", &first).await.refresh_token();
    let third = world.refresh("app", &second).await.refresh_token();
    world.refresh("app", &first).await.refused(400, "invalid_grant");
    world.refresh("app", &third).await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_leeway_every_repeat_is_a_theft() {
    let world = World::start().await;
    let first = world.login("strict", "offline_access").await.refresh_token();
    let second = world.refresh("strict", &first).await.refresh_token();
    world.refresh("strict", &first).await.refused(400, "invalid_grant");
    world.refresh("strict", &second).await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_clients_token_is_refused_and_not_consumed() {
    let world = World::start().await;
    let token = world.login("app", "offline_access").await.refresh_token();
    world.refresh("strict", &token).await.refused(400, "invalid_grant");
    assert_eq!(world.refresh("app", &token).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confidential_client_needs_its_secret_here_too() {
    let world = World::start().await;
    let login =
        world.login_with(&[("client_id", "web"), ("client_secret", World::WEB_SECRET)], "offline_access");
    let token = login.await.refresh_token();
    let form = [("grant_type", "refresh_token"), ("client_id", "web"), ("refresh_token", token.as_str())];
    world.token(&form).await.refused(401, "invalid_client");
    let wrong: Vec<_> = form.into_iter().chain([("client_secret", "wrong")]).collect();
    world.token(&wrong).await.refused(401, "invalid_client");
    let right: Vec<_> = form.into_iter().chain([("client_secret", World::WEB_SECRET)]).collect();
    assert_eq!(world.token(&right).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scope_narrows_for_one_answer_and_never_widens() {
    let world = World::start().await;
    let first = world.login("app", "offline_access read:things write:things").await.refresh_token();
    let scoped = |scope| [("scope", scope)];
    world.refresh_with("app", &first, &scoped("admin:things")).await.refused(400, "invalid_scope");
    let narrow = world.refresh_with("app", &first, &scoped("read:things")).await;
    assert_eq!(narrow.claims()["scope"], "read:things");
    assert_eq!(narrow.text("scope"), "read:things");
    let wide = world.refresh("app", &narrow.refresh_token()).await;
    assert_eq!(wide.claims()["scope"], "offline_access read:things write:things");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_access_needs_client_and_api() {
    let world = World::start().await;
    let none = world.login("norefresh", "offline_access read:things").await;
    assert!(none.json().get("refresh_token").is_none());
    assert_eq!(none.text("scope"), "read:things");
    let form = World::login_form("app", "offline_access read:things", "https://online.test/");
    let none = world.token(&form).await;
    assert!(none.json().get("refresh_token").is_none(), "{none:?}");
    assert_eq!(none.text("scope"), "read:things");
    let never_asked = world.login("app", "read:things").await;
    assert!(never_asked.json().get("refresh_token").is_none());
    world.stop().await;
}

/// Whoever presents a stolen token and hangs up must not keep the session alive.
#[tokio::test(flavor = "multi_thread")]
async fn a_reuse_ends_the_session_even_when_the_caller_hangs_up() {
    let world = World::start().await;
    let tenant = TenantId::from("default");
    let login = world.login("app", "openid offline_access").await;
    let first = login.refresh_token();
    let second = world.refresh("app", &first).await.refresh_token();
    world.refresh("app", &second).await;
    let engine = world.engine();
    let opened = engine.open_refresh_token(&tenant, &first).unwrap();
    let facts = opened.facts().unwrap();
    let asked = Presented {
        session: facts.session,
        family: facts.family_key(),
        generation: facts.generation,
        now: engine.now(),
        leeway_ms: 30_000,
        expires_at: facts.expires_at,
        rotating: true,
    };
    let given_up = engine.rotate(asked, true).now_or_never();
    assert!(given_up.is_none(), "it was looked at once, and dropped");
    for _ in 0..200 {
        if engine.session(facts.session, engine.now()).await.unwrap().is_none() {
            return world.stop().await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the session lives on");
}

/// The revocation holds on this node from its acknowledgement on, not only once the feed was heard.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_revoked_here_is_dead_here_at_once() {
    let world = World::start().await;
    let token = world.login("app", "offline_access").await.refresh_token();
    let token = world.refresh("app", &token).await.refresh_token();
    let opened = world.engine().open_refresh_token(&TenantId::from("default"), &token).unwrap();
    let facts = opened.facts().unwrap();
    world.engine().revoke_family(facts.session, facts.family_key()).await.unwrap();
    let asked = world.store.calls();
    world.refresh("app", &token).await.refused(400, "invalid_grant");
    assert_eq!(world.store.calls(), asked);
    world.stop().await;
}
