//! Nothing of one tenant is reachable with anything of another, though all the names are the same.

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn each_tenant_has_its_own_issuer_and_keys() {
    let world = World::start().await;
    let ours = world.get("/.well-known/openid-configuration").await.json();
    let theirs = world.at("other").get("/.well-known/openid-configuration").await.json();
    assert_ne!(ours["issuer"], theirs["issuer"]);
    let (ours, theirs) =
        (world.get("/.well-known/jwks.json").await, world.at("other").get("/.well-known/jwks.json").await);
    assert_ne!(ours.body, theirs.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_artifact_is_a_stranger_elsewhere() {
    let world = World::start().await;
    let other = world.at("other");
    let login = world.login("app", "openid offline_access read:things").await;
    // The refresh token of a client, user and audience that exist there under the same names.
    other.refresh("app", &login.refresh_token()).await.refused(400, "invalid_grant");
    // The access token, at userinfo and introspection.
    other.get_as("/userinfo", &login.access_token()).await.refused(401, "invalid_token");
    let secret = [("client_id", "m2m"), ("client_secret", World::OTHER_M2M_SECRET)];
    for token in [login.access_token(), login.refresh_token(), world.machine_token().await] {
        let form = [secret[0], secret[1], ("token", token.as_str())];
        let answer = other.post("/oauth/introspect", &form).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"active":false}"#));
    }
    // Revocation there does nothing here.
    other.post("/oauth/revoke", &[("client_id", "app"), ("token", &login.refresh_token())]).await;
    assert_eq!(world.refresh("app", &login.refresh_token()).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_users_and_organizations_are_strangers_elsewhere() {
    let world = World::start().await;
    let other = world.at("other");
    let m2m = [
        ("grant_type", "client_credentials"),
        ("audience", "https://api.test/"),
        ("client_id", "m2m"),
        ("client_secret", World::M2M_SECRET),
    ];
    other.token(&m2m).await.refused(401, "invalid_client");
    let web =
        [("grant_type", "client_credentials"), ("client_id", "web"), ("client_secret", World::WEB_SECRET)];
    other.token(&web).await.refused(401, "invalid_client");
    let ann = World::login_form("app", "openid", "https://api.test/");
    other.token(&ann).await.refused(400, "invalid_grant");
    let token = world.login("app", "offline_access").await.refresh_token();
    for name in ["only-here", "org_only0000000001"] {
        world.refresh_with("app", &token, &[("organization", name)]).await.refused(400, "invalid_request");
    }
    let bob = [
        ("grant_type", "password"),
        ("client_id", "app"),
        ("username", "bob@example.test"),
        ("password", "Correct-Horse-2"),
    ];
    other.token(&bob).await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_host_label_is_nobodys() {
    let world = World::start().await;
    world.at("nosuch").get("/.well-known/jwks.json").await.refused(404, "invalid_request");
    let m2m =
        [("grant_type", "client_credentials"), ("client_id", "m2m"), ("client_secret", World::M2M_SECRET)];
    world.at("nosuch").token(&m2m).await.refused(404, "invalid_request");
    world.stop().await;
}
