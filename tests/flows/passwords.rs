//! The password grants: right, wrong, unknown, blocked, imported hashes; and no telling who exists.

use crate::world::World;

fn form<'a>(username: &'a str, password: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("grant_type", "password"),
        ("client_id", "app"),
        ("username", username),
        ("password", password),
        ("scope", "openid email"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_comes_in_by_address_in_any_case_and_by_login_name() {
    let world = World::start().await;
    for username in ["ann@example.test", "ANN@Example.Test", "ann"] {
        let answer = world.token(&form(username, "Correct-Horse-1")).await;
        assert_eq!(answer.claims()["sub"], "auth0|ann", "{username}");
        let id = crate::answer::claims(&answer.text("id_token"));
        assert_eq!((&id["email"], &id["email_verified"]), (&"ann@example.test".into(), &true.into()));
        assert_eq!(id["amr"], serde_json::json!(["pwd"]));
        assert!(id.get("name").is_none(), "profile was not asked for");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_and_unknown_are_told_in_the_same_words() {
    let world = World::start().await;
    let wrong = world.token(&form("ann@example.test", "nope")).await;
    let unknown = world.token(&form("nobody@example.test", "nope")).await;
    wrong.refused(400, "invalid_grant");
    assert_eq!(wrong.body, unknown.body);
    let blocked = world.token(&form("cal@example.test", "nope")).await;
    assert_eq!(wrong.body, blocked.body, "a wrong password must not tell that the user is blocked");
    world.token(&form("cal@example.test", "Correct-Horse-3")).await.refused(403, "access_denied");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_bcrypt_hash_opens_and_is_replaced() {
    let world = World::start().await;
    let before = world.stored_hash("auth0|dee").await;
    assert!(before.starts_with("$2b$"));
    world.token(&form("dee@example.test", "Correct-Horse-5")).await.refused(400, "invalid_grant");
    assert_eq!(world.token(&form("dee@example.test", "Correct-Horse-4")).await.status, 200);
    let after = world.stored_hash("auth0|dee").await;
    assert!(after.starts_with("$argon2id$"), "{after}");
    assert_eq!(world.token(&form("dee@example.test", "Correct-Horse-4")).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_realm_names_the_connection() {
    let world = World::start().await;
    let realm = |realm: &'static str| {
        [
            ("grant_type", "http://auth0.com/oauth/grant-type/password-realm"),
            ("client_id", "web"),
            ("client_secret", World::WEB_SECRET),
            ("username", "ann@example.test"),
            ("password", "Correct-Horse-1"),
            ("realm", realm),
        ]
    };
    assert_eq!(world.token(&realm("Username-Password-Authentication")).await.status, 200);
    world.token(&realm("nosuch")).await.refused(400, "invalid_grant");
    world.token(&realm("")).await.refused(400, "invalid_request");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grant_is_off_unless_the_client_allows_it() {
    let world = World::start().await;
    let m2m = [
        ("grant_type", "password"),
        ("client_id", "m2m"),
        ("client_secret", World::M2M_SECRET),
        ("username", "ann@example.test"),
        ("password", "Correct-Horse-1"),
    ];
    world.token(&m2m).await.refused(400, "unauthorized_client");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_password_is_not_hashed() {
    let world = World::start().await;
    let long = "x".repeat(1025);
    world.token(&form("ann@example.test", &long)).await.refused(400, "invalid_request");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_for_scopes_and_got_none_hears_of_it() {
    let world = World::start().await;
    let login = world.login("app", "fly:planes").await.json();
    assert_eq!(login["scope"], "", "RFC 6749 \u{a7}5.1");
    world.stop().await;
}
