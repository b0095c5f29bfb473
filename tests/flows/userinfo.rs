//! Userinfo: claims by scope, for bearers of an access token with `openid`.

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn claims_follow_the_scope() {
    let world = World::start().await;
    let login = world.login("app", "openid email").await;
    let answer = world.get_as("/userinfo", &login.access_token()).await;
    assert_eq!(answer.body, r#"{"sub":"auth0|ann","email":"ann@example.test","email_verified":true}"#);
    let login = world.login("app", "openid profile").await;
    let answer = world.get_as("/userinfo", &login.access_token()).await.json();
    assert_eq!((&answer["name"], &answer["preferred_username"]), (&"Ann Example".into(), &"ann".into()));
    assert!(answer.get("email").is_none());
    let posted = world.post("/userinfo", &[("access_token", &login.access_token())]).await;
    assert_eq!(posted.json()["sub"], "auth0|ann");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_tokens_are_refused_with_a_challenge() {
    let world = World::start().await;
    let no_openid = world.login("app", "read:things").await.access_token();
    world.get_as("/userinfo", &no_openid).await.refused(403, "insufficient_scope");
    let id_token = world.login("app", "openid").await.text("id_token");
    for bad in [id_token, world.machine_token().await, "nonsense".to_owned()] {
        let answer = world.get_as("/userinfo", &bad).await;
        assert!([401, 403].contains(&answer.status), "{answer:?}");
        assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer error="));
    }
    let bare = world.get("/userinfo").await;
    bare.refused(401, "invalid_token");
    assert_eq!(bare.headers["www-authenticate"], "Bearer", "who said nothing made no error (RFC 6750 §3.1)");
    world.stop().await;
}
