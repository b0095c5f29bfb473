//! From the login page to tokens: the code, its single use, its proofs; and every wrong way to present one.

use jeton::model::oidc_logout::Initiator;

use crate::browser::Browser;
use crate::world::{VERIFIER, World, claims, exchange_form};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_logs_in_and_the_application_gets_tokens() {
    let world = World::start().await;
    let browser = world.browser();
    let back = world.ann(&browser, "spa", &[]).await;
    assert!(back.location().starts_with("https://app.test/cb?code=ac_"), "{back:?}");
    assert_eq!(back.parameter("state").as_deref(), Some("st"));
    assert_eq!(back.parameter("iss").as_deref(), Some("http://localhost:8080/"));

    let tokens = world.exchange(&browser, &back.code()).await.json();
    let (access, id) = (claims(&tokens["access_token"]), claims(&tokens["id_token"]));
    assert_eq!(access["sub"], "auth0|ann");
    assert_eq!(access["gty"], "authorization_code");
    assert_eq!((&id["nonce"], &id["aud"], &id["name"]), (&"no".into(), &"spa".into(), &"Ann Example".into()));
    assert_eq!((&id["sid"], &id["auth_time"]), (&access["sid"], &1_800_000_000.into()));
    let userinfo = browser.get_as("/userinfo", tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(userinfo["email"], "ann@example.test");

    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", refresh)];
    let again = browser.post("/oauth/token", &form).await;
    assert_eq!(claims(&again.json()["access_token"])["sid"], access["sid"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_offline_access_there_is_no_refresh_token() {
    let world = World::start().await;
    let browser = world.browser();
    let back = world.ann(&browser, "spa", &[("scope", "openid")]).await;
    let tokens = world.exchange(&browser, &back.code()).await.json();
    assert!(tokens["id_token"].is_string() && tokens.get("refresh_token").is_none());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_use_is_refused_and_takes_away_what_the_first_gave() {
    let world = World::start().await;
    let browser = world.browser();
    let code = world.ann(&browser, "spa", &[]).await.code();
    let first = world.exchange(&browser, &code).await.json();
    let access = first["access_token"].as_str().unwrap();
    assert_eq!(browser.get_as("/userinfo", access).await.status, 200);
    world.exchange(&browser, &code).await.refused(400, "invalid_grant");
    assert_eq!(browser.get_as("/userinfo", access).await.status, 401, "the access token, too");
    let introspected = [("client_id", "web"), ("client_secret", World::WEB_SECRET), ("token", access)];
    assert_eq!(browser.post("/oauth/introspect", &introspected).await.json()["active"], false);
    let again =
        world.exchange(&browser, &browser.get(&crate::world::authorize("spa", &[])).await.code()).await;
    let access = again.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(browser.get_as("/userinfo", &access).await.status, 200, "the session lives on");
    let refresh = first["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", refresh)];
    browser.post("/oauth/token", &form).await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_exactly_one_gets_tokens() {
    let world = World::start().await;
    let browser = world.browser();
    let code = world.ann(&browser, "spa", &[]).await.code();
    let form = exchange_form(&code);
    let tries = (0..16).map(|_| browser.post("/oauth/token", &form));
    let answers = futures_util::future::join_all(tries).await;
    let good: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    let [first] = good.as_slice() else { panic!("{} exchanges succeeded", good.len()) };
    // Fifteen came second, however close behind: what the first was given is taken away.
    let tokens = first.json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", refresh)];
    browser.post("/oauth/token", &form).await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_exchange_leaves_the_code_alone() {
    let world = World::start().await;
    let browser = world.browser();
    let code = world.ann(&browser, "spa", &[]).await.code();
    let with = async |browser: &Browser, name: &str, value: &'static str| {
        let form = exchange_form(&code).map(|(own, usual)| (own, if own == name { value } else { usual }));
        browser.post("/oauth/token", &form).await
    };
    with(&browser, "client_id", "spa2").await.refused(400, "invalid_grant");
    with(&browser, "client_id", "nobody").await.refused(401, "invalid_client");
    with(&browser, "redirect_uri", "https://app.test/other").await.refused(400, "invalid_grant");
    with(&browser, "redirect_uri", "").await.refused(400, "invalid_grant");
    with(&browser, "code_verifier", "").await.refused(400, "invalid_request");
    let wrong = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXx";
    with(&browser, "code_verifier", wrong).await.refused(400, "invalid_grant");
    let stranger = world.browser_at("other.localhost");
    world.exchange(&stranger, &code).await.refused(400, "invalid_grant");
    assert_eq!(world.exchange(&browser, &code).await.status, 200, "nothing of the above consumed it");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_code_is_no_code_and_costs_no_store_call() {
    let world = World::start().await;
    let browser = world.browser();
    let code = world.ann(&browser, "spa", &[]).await.code();
    world.exchange(&browser, "ac_x").await.refused(400, "invalid_grant");
    let calls = world.store.calls();
    for at in (3..code.len()).step_by(7) {
        let mut bytes = code.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        world.exchange(&browser, &changed).await.refused(400, "invalid_grant");
    }
    let sealed_for_something_else = browser.cookie("jeton_session").unwrap();
    world.exchange(&browser, &format!("ac_{sealed_for_something_else}")).await.refused(400, "invalid_grant");
    assert_eq!(world.store.calls(), calls);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lives_for_a_minute_and_dies_with_its_session() {
    let world = World::start().await;
    let browser = world.browser();
    let code = world.ann(&browser, "spa", &[]).await.code();
    world.clock.advance_ms(60_000);
    world.exchange(&browser, &code).await.refused(400, "invalid_grant");
    let code = browser.get(&crate::world::authorize("spa", &[])).await.code();
    let tenant = jeton::protocol::ids::TenantId::from("default");
    let ann = jeton::protocol::ids::UserId::from("auth0|ann");
    let engine = world.engine();
    for session in engine.store().of_user(&tenant, &ann, world.clock.now()).await.unwrap() {
        engine.end_session(session, Initiator::SessionRevoked).await.unwrap();
    }
    world.exchange(&browser, &code).await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_expires_on_its_way_to_the_store_is_not_used_twice() {
    let world = World::start().await;
    let browser = world.browser();
    let code = world.ann(&browser, "spa", &[]).await.code();
    assert_eq!(world.exchange(&browser, &code).await.status, 200);
    world.clock.advance_ms(59_999);
    world.store.slow_once(&world.clock, 2);
    world.exchange(&browser, &code).await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confidential_client_must_prove_itself_and_a_proof_key_cannot_be_taken_away() {
    let world = World::start().await;
    let browser = world.browser();
    let plain = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = world.ann(&browser, "web", &plain).await.code();
    let form = |secret: &'static str, verifier: &'static str| {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "web"),
            ("client_secret", secret),
            ("code", code.as_str()),
            ("redirect_uri", World::CALLBACK),
            ("code_verifier", verifier),
        ];
        form.into_iter().filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>()
    };
    browser.post("/oauth/token", &form("", "")).await.refused(401, "invalid_client");
    browser.post("/oauth/token", &form("wrong", "")).await.refused(401, "invalid_client");
    browser.post("/oauth/token", &form(World::WEB_SECRET, VERIFIER)).await.refused(400, "invalid_grant");
    assert_eq!(browser.post("/oauth/token", &form(World::WEB_SECRET, "")).await.status, 200);
    world.stop().await;
}
