//! Discovery and keys: derived, cacheable, and the same under both well-known names.

use crate::answer::header;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_says_what_the_server_does() {
    let world = World::start().await;
    let openid = world.get("/.well-known/openid-configuration").await;
    let oauth = world.get("/.well-known/oauth-authorization-server").await;
    assert_eq!(openid.body, oauth.body);
    assert!(openid.headers["cache-control"].to_str().unwrap().starts_with("public, max-age="));
    let document = openid.json();
    assert_eq!(document["issuer"], world.issuer());
    assert_eq!(document["token_endpoint"], format!("{}oauth/token", world.issuer()));
    let grants = document["grant_types_supported"].as_array().unwrap();
    assert!(grants.contains(&"http://auth0.com/oauth/grant-type/passwordless/otp".into()), "{grants:?}");
    assert!(grants.contains(&"client_credentials".into()) && grants.contains(&"implicit".into()));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_set_has_the_key_that_signed() {
    let world = World::start().await;
    let token = world.machine_token().await;
    let answer = world.get("/.well-known/jwks.json").await;
    let keys = answer.json();
    let kid = &header(&token)["kid"];
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == *kid).unwrap();
    assert_eq!((&key["kty"], &key["crv"], &key["use"]), (&"OKP".into(), &"Ed25519".into(), &"sig".into()));
    assert!(!answer.body.contains("\"d\""), "a private key was published");
    world.stop().await;
}

/// Whoever keeps the key set for as long as it says must not meet a key made since.
#[tokio::test(flavor = "multi_thread")]
async fn the_key_set_has_the_keys_that_will_sign() {
    let world = World::start().await;
    let published = world.get("/.well-known/jwks.json").await;
    assert!(published.headers["cache-control"].to_str().unwrap().starts_with("public, max-age="));
    let published = published.json();
    for audience in ["https://api.test/", "https://rs256.test/"] {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "m2m"),
            ("client_secret", World::M2M_SECRET),
            ("audience", audience),
        ];
        let header = header(&world.token(&form).await.access_token());
        let keys = published["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["kid"] == header["kid"]);
        assert_eq!(key.map(|key| &key["alg"]), Some(&header["alg"]), "{audience}");
    }
    world.stop().await;
}
