//! Clients: defaults by kind, secrets by origin, every bad field by name.

use serde_json::{Value, json};

use crate::engine::records::clients::ClientDraft;
use crate::engine::records::world::{World, drafted, paths};
use crate::engine::records::{Mode, Outcome};
use crate::model::client::{AuthMethod, Client, SecretHash};
use crate::protocol::grant_type::GrantType;

const STRONG: &str = "demo_Xk29sLq8ZtB3vN7wR1yU5cD0fG4hJ6mP_aE8iK2oQ9x";

#[tokio::test]
async fn defaults_follow_the_kind_of_application() {
    let world = World::start().await;
    for (app_type, method, grants) in [
        ("spa", AuthMethod::None, "[AuthorizationCode, RefreshToken]"),
        ("native", AuthMethod::None, "[AuthorizationCode, RefreshToken]"),
        ("non_interactive", AuthMethod::ClientSecretPost, "[ClientCredentials]"),
        ("regular_web", AuthMethod::ClientSecretPost, "[AuthorizationCode, RefreshToken, ClientCredentials]"),
    ] {
        let put = world.client(json!({"name": "A", "app_type": app_type})).await;
        assert_eq!(put.record.token_endpoint_auth_method, method);
        assert_eq!(format!("{:?}", put.record.grant_types), grants);
        assert_eq!(put.record.client_id.as_str().len(), 32);
        assert_eq!(put.secret.is_some(), method != AuthMethod::None);
    }
    let public = world.client(json!({"name": "A", "token_endpoint_auth_method": "none"})).await.record;
    assert!(!public.allows(GrantType::ClientCredentials));
}

#[tokio::test]
async fn a_secret_is_kept_by_its_origin_and_only_once() {
    let world = World::start().await;
    for (secret, keyed) in [(STRONG, true), ("correct horse battery", false)] {
        let draft = json!({"client_id": "web", "name": "Web", "client_secret": secret});
        let put = world.client(draft.clone()).await;
        assert_eq!(matches!(put.record.secrets[..], [SecretHash::Keyed(_)]), keyed);
        assert_eq!(put.secret, None);
        let again = world.client(draft).await;
        assert_eq!((again.outcome, again.record.secrets), (Outcome::Unchanged, put.record.secrets));
    }
    let kept = world.client(json!({"client_id": "web", "description": "no word of the secret"})).await;
    assert!(kept.secret.is_none() && matches!(kept.record.secrets[..], [SecretHash::Argon2(_)]));
    let public = world.client(json!({"client_id": "web", "token_endpoint_auth_method": "none",
        "grant_types": ["refresh_token"]}));
    assert!(public.await.record.secrets.is_empty());
}

#[tokio::test]
async fn a_made_secret_is_shown_once_and_opens() {
    let world = World::start().await;
    let made = world.client(json!({"client_id": "job", "name": "Job", "app_type": "non_interactive"})).await;
    let secret = made.secret.expect("a secret was made");
    let [SecretHash::Keyed(hash)] = &made.record.secrets[..] else { panic!("kept otherwise") };
    assert!(world.registrar.sealer.secret_matches(&world.tenant.id, secret.expose().as_bytes(), hash));
    assert!(!hash.contains(secret.expose()));
    let again = world.client(json!({"client_id": "job", "name": "Job"})).await;
    assert!(again.secret.is_none() && again.outcome == Outcome::Unchanged);
}

#[tokio::test]
async fn a_secret_kept_under_a_previous_master_key_is_kept_anew() {
    use crate::signing::master_key::MasterKey;
    use crate::signing::sealing::Sealer;
    let mut world = World::start().await;
    let draft = json!({"client_id": "web", "name": "Web", "client_secret": STRONG});
    let old = world.client(draft.clone()).await.record;
    world.registrar.sealer = Sealer::new(&MasterKey::new([8; 32]), 2, &[(1, MasterKey::new([7; 32]))]);
    let new = world.client(draft.clone()).await;
    assert!(new.outcome == Outcome::Updated && new.record.secrets != old.secrets);
    assert_eq!(world.client(draft).await.outcome, Outcome::Unchanged);
}

fn bad_values() -> Vec<(Value, &'static str)> {
    let spa = |method| json!({"app_type": "spa", "token_endpoint_auth_method": method});
    vec![
        (json!({"name": ""}), "name"),
        (json!({"client_id": "a|b"}), "client_id"),
        (json!({"description": "x".repeat(256)}), "description"),
        (json!({"client_secret": "short"}), "client_secret"),
        (json!({"client_secret": "line\nbreak in it"}), "client_secret"),
        (json!({"app_type": "spa", "client_secret": STRONG}), "client_secret"),
        (spa("client_secret_post"), "token_endpoint_auth_method"),
        (spa("client_secret_basic"), "token_endpoint_auth_method"),
        (
            json!({"app_type": "non_interactive", "token_endpoint_auth_method": "none", "grant_types": []}),
            "token_endpoint_auth_method",
        ),
        (json!({"app_type": "spa", "grant_types": ["client_credentials"]}), "grant_types"),
        (json!({"grant_types": ["password", "password"]}), "grant_types[1]"),
        (json!({"token_endpoint_auth_method": "private_key_jwt"}), "jwks"),
        (json!({"jwks": {"keys": []}}), "jwks.keys"),
        (json!({"jwks": {"keys": [{"kty": "oct", "k": "AA"}]}}), "jwks.keys[0]"),
        (json!({"jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA"}]}}), "jwks.keys[0]"),
        (json!({"callbacks": ["https://a/cb", "/cb"]}), "callbacks[1]"),
        (json!({"callbacks": ["https://a/cb#x"]}), "callbacks[0]"),
        (json!({"callbacks": ["https://a/cb", "https://a/cb"]}), "callbacks[1]"),
        (json!({"allowed_logout_urls": ["nowhere"]}), "allowed_logout_urls[0]"),
        (json!({"web_origins": ["https://a/path"]}), "web_origins[0]"),
        (json!({"logo_uri": "data:image/png;base64,x"}), "logo_uri"),
        (json!({"refresh_token": {"leeway": 601}}), "refresh_token.leeway"),
        (json!({"refresh_token": {"token_lifetime": 0}}), "refresh_token.token_lifetime"),
        (json!({"refresh_token": {"token_lifetime": 157_788_001_u64}}), "refresh_token.token_lifetime"),
        (
            json!({"refresh_token": {"token_lifetime": 60, "idle_token_lifetime": 61}}),
            "refresh_token.idle_token_lifetime",
        ),
        (json!({"refresh_token": {"expiration_type": "non-expiring"}}), "refresh_token.expiration_type"),
        (json!({"jwt_configuration": {"lifetime_in_seconds": 0}}), "jwt_configuration.lifetime_in_seconds"),
        (json!({"client_metadata": {"k": "x".repeat(256)}}), "client_metadata.k"),
    ]
}

#[tokio::test]
async fn each_bad_field_is_named_and_nothing_is_saved() {
    let world = World::start().await;
    for (bad, path) in bad_values() {
        let mut draft = json!({"client_id": "c", "name": "C"});
        draft.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
        let put = world.registrar.put_client(&world.tenant, drafted(draft), Mode::Import).await;
        let refusal = put.unwrap_err();
        assert!(paths(&refusal).iter().any(|found| found == path), "{path}: {refusal}");
    }
    assert!(world.registrar.catalog().all::<Client>(&world.tenant.id).await.unwrap().is_empty());
}

#[test]
fn what_does_not_read_is_named_too() {
    use crate::engine::records::flaws::read;
    for (text, path) in [
        (r#"{"name": 5}"#, "name"),
        (r#"{"grant_types": ["magic"]}"#, "grant_types[0]"),
        (r#"{"jwt_configuration": {"alg": "HS256"}}"#, "jwt_configuration.alg"),
        (r#"{"surprise": true}"#, "surprise"),
    ] {
        assert_eq!(paths(&read::<ClientDraft>(text).unwrap_err()), [path]);
    }
}
