//! `client_credentials`: what a token says, which scope it gets, and what is refused.

use crate::answer::header;
use crate::world::World;

const M2M: [(&str, &str); 3] = [
    ("grant_type", "client_credentials"),
    ("client_id", "m2m"),
    ("client_secret", "m2m-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ"),
];

fn asking<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    M2M.iter().chain(more).copied().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_says_who_for_whom_and_how_long() {
    let world = World::start().await;
    let answer = world.token(&asking(&[("audience", "https://api.test/")])).await;
    let claims = answer.claims();
    assert_eq!(header(&answer.access_token())["typ"], "at+jwt");
    assert_eq!(header(&answer.access_token())["alg"], "EdDSA");
    assert_eq!(claims["iss"], world.issuer());
    assert_eq!(claims["sub"], "m2m@clients");
    assert_eq!(claims["aud"], "https://api.test/");
    assert_eq!(claims["azp"], "m2m");
    assert_eq!(claims["client_id"], "m2m");
    assert_eq!(claims["gty"], "client-credentials");
    assert_eq!(claims["scope"], "read:things write:things");
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 600);
    assert_eq!(answer.json()["expires_in"], 600);
    assert_eq!(answer.json()["token_type"], "Bearer");
    assert_eq!(answer.headers["cache-control"], "no-store");
    for absent in ["sid", "org_id", "permissions", "auth_time", "nonce"] {
        assert!(claims.get(absent).is_none(), "{absent} in {claims}");
    }
    assert!(answer.json().get("refresh_token").is_none());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_algorithm_is_the_resource_servers() {
    let world = World::start().await;
    let answer = world.token(&asking(&[("audience", "https://rs256.test/")])).await;
    assert_eq!(header(&answer.access_token())["alg"], "RS256");
    let form = asking(&[("audience", "https://rbac.test/"), ("organization", "acme")]);
    let answer = world.token(&form).await;
    assert_eq!(header(&answer.access_token())["alg"], "ES256");
    assert_eq!(answer.claims()["permissions"], serde_json::json!(["read:things"]));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scope_is_what_the_client_grant_allows() {
    let world = World::start().await;
    let part = asking(&[("audience", "https://api.test/"), ("scope", "write:things")]);
    let answer = world.token(&part).await;
    assert_eq!(
        (answer.claims()["scope"].as_str(), answer.text("scope").as_str()),
        (Some("write:things"), "write:things")
    );
    let excess = asking(&[("audience", "https://api.test/"), ("scope", "write:things admin:things")]);
    world.token(&excess).await.refused(403, "access_denied");
    let illegal = asking(&[("audience", "https://api.test/"), ("scope", "a\"b")]);
    world.token(&illegal).await.refused(400, "invalid_scope");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audience_must_be_registered_and_granted() {
    let world = World::start().await;
    world.token(&asking(&[])).await.refused(403, "access_denied");
    world.token(&asking(&[("audience", "https://nosuch.test/")])).await.refused(403, "access_denied");
    world.token(&asking(&[("audience", "https://online.test/")])).await.refused(403, "access_denied");
    let nogrant = [
        ("grant_type", "client_credentials"),
        ("client_id", "m2m-nogrant"),
        ("client_secret", "nogrant-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEF"),
        ("audience", "https://api.test/"),
    ];
    world.token(&nogrant).await.refused(403, "access_denied");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_must_allow_the_client() {
    let world = World::start().await;
    let within = |organization| asking(&[("audience", "https://api.test/"), ("organization", organization)]);
    for name in ["acme", "org_acme0000000001"] {
        let claims = world.token(&within(name)).await.claims();
        assert_eq!((&claims["org_id"], &claims["org_name"]), (&"org_acme0000000001".into(), &"acme".into()));
    }
    world.token(&within("beta")).await.refused(403, "access_denied");
    world.token(&within("nosuch")).await.refused(400, "invalid_request");
    world.token(&asking(&[("audience", "https://rbac.test/")])).await.refused(400, "invalid_request");
    let denied = asking(&[("audience", "https://rs256.test/"), ("organization", "acme")]);
    world.token(&denied).await.refused(400, "invalid_request");
    let any = asking(&[("audience", "https://rbac.test/"), ("organization", "gamma")]);
    assert_eq!(world.token(&any).await.claims()["org_id"], "org_gamma000000001");
    world.stop().await;
}
