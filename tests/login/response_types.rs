//! Response types with tokens by way of the browser: what each brings, what binds it together, what is refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256, Sha512};

use crate::world::{World, authorize, claims};

/// Each response type, and what comes back by the browser.
const KINDS: [(&str, &[&str]); 6] = [
    ("id_token", &["id_token"]),
    ("token", &["access_token", "token_type", "expires_in", "scope"]),
    ("token id_token", &["access_token", "token_type", "expires_in", "scope", "id_token"]),
    ("id_token code", &["code", "id_token"]),
    ("code token", &["code", "access_token", "token_type", "expires_in", "scope"]),
    ("token code id_token", &["code", "access_token", "token_type", "expires_in", "scope", "id_token"]),
];

const EVERY: [&str; 6] = ["code", "access_token", "token_type", "expires_in", "scope", "id_token"];

#[tokio::test(flavor = "multi_thread")]
async fn each_type_brings_what_it_names_in_the_fragment() {
    let world = World::start().await;
    let browser = world.browser();
    for (nth, (kind, brings)) in KINDS.into_iter().enumerate() {
        let asked = [("response_type", kind)];
        let answer = match nth {
            0 => world.ann(&browser, "hybrid", &asked).await,
            _ => browser.get(&authorize("hybrid", &asked)).await,
        };
        assert!(answer.location().starts_with("https://app.test/cb#"), "{kind}: {answer:?}");
        for name in EVERY {
            assert_eq!(
                answer.parameter(name).is_some(),
                brings.contains(&name),
                "{kind}: {name}: {answer:?}"
            );
        }
        assert_eq!(answer.parameter("state").as_deref(), Some("st"));
        assert_eq!(answer.parameter("iss").as_deref(), Some("http://localhost:8080/"));
        assert!(answer.parameter("refresh_token").is_none());
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hashes_bind_an_id_token_to_its_companions() {
    let world = World::start().await;
    let browser = world.browser();
    let answer = world.ann(&browser, "hybrid", &[("response_type", "code id_token token")]).await;
    let id = claims(&answer.parameter("id_token").unwrap().into());
    let half = |text: &str| URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16]);
    assert_eq!(id["at_hash"], half(&answer.parameter("access_token").unwrap()));
    assert_eq!(id["c_hash"], half(&answer.parameter("code").unwrap()));
    assert_eq!((&id["s_hash"], &id["nonce"]), (&half("st").into(), &"no".into()));
    assert_eq!((&id["aud"], &id["sub"]), (&"hybrid".into(), &"auth0|ann".into()));
    let access = claims(&answer.parameter("access_token").unwrap().into());
    assert_eq!(access["gty"], "implicit");
    assert!(!access["scope"].as_str().unwrap().contains("offline_access"), "{access}");

    // The client that signs by Ed25519 hashes by SHA-512, and what did not come along is not mentioned.
    let answer = browser.get(&authorize("implicit", &[("response_type", "id_token token")])).await;
    let id = claims(&answer.parameter("id_token").unwrap().into());
    let token = answer.parameter("access_token").unwrap();
    assert_eq!(id["at_hash"], URL_SAFE_NO_PAD.encode(&Sha512::digest(&token)[..32]));
    assert!(id.get("c_hash").is_none(), "{id}");
    let person = browser.get_as("/userinfo", &token).await.json();
    assert_eq!((&person["sub"], &person["email"]), (&"auth0|ann".into(), &"ann@example.test".into()));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_of_a_hybrid_answer_is_exchanged_as_any_other() {
    let world = World::start().await;
    let browser = world.browser();
    let answer = world.ann(&browser, "hybrid", &[("response_type", "code id_token")]).await;
    let mut form = crate::world::exchange_form("");
    let code = answer.code();
    (form[1].1, form[2].1) = ("hybrid", &code);
    let tokens = browser.post("/oauth/token", &form).await.json();
    let (front, back) = (claims(&answer.parameter("id_token").unwrap().into()), claims(&tokens["id_token"]));
    assert_eq!((&front["sub"], &front["iss"], &front["sid"]), (&back["sub"], &back["iss"], &back["sid"]));
    assert!(tokens["refresh_token"].is_string(), "{tokens}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_asked_for_is_refused_by_the_road_it_would_have_come() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = ("response_type", "id_token token");
    for (client, parameters, code) in [
        ("spa", [tokens, ("state", "st")], "unauthorized_client"),
        ("implicit", [("response_type", "code id_token"), ("state", "st")], "unauthorized_client"),
        ("implicit", [tokens, ("nonce", "")], "invalid_request"),
        ("implicit", [tokens, ("scope", "email")], "invalid_request"),
        ("implicit", [tokens, ("response_mode", "query")], "invalid_request"),
        ("implicit", [tokens, ("prompt", "none")], "login_required"),
        ("hybrid", [("response_type", "code id_token"), ("code_challenge", "")], "invalid_request"),
    ] {
        let answer = browser.get(&authorize(client, &parameters)).await;
        assert!(answer.location().starts_with("https://app.test/cb#error="), "{parameters:?}: {answer:?}");
        answer.sent_back(code);
    }
    // An access token needs neither a nonce nor a proof key.
    let plain =
        [("response_type", "token"), ("nonce", ""), ("code_challenge", ""), ("code_challenge_method", "")];
    assert!(world.ann(&browser, "implicit", &plain).await.parameter("access_token").is_some());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_may_be_posted() {
    let world = World::start().await;
    let browser = world.browser();
    let asked = [("response_type", "id_token token"), ("response_mode", "form_post")];
    let form = world.ann(&browser, "implicit", &asked).await;
    assert_eq!(form.status, 200, "{form:?}");
    assert!(form.hidden("id_token").is_some() && form.hidden("access_token").is_some(), "{form:?}");
    world.stop().await;
}
