//! How long a session lives, what is written while it does, whose id it has, and what may outlive it.

use jeton::model::oidc_logout::Initiator;
use jeton::protocol::ids::SessionId;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::world::{World, authorize, claims, exchange_form};

async fn is_asked(browser: &Browser) -> bool {
    browser.get(&authorize("spa", &[])).await.location().starts_with("/u/login?")
}

fn sid(tokens: &Value) -> SessionId {
    SessionId::parse(claims(&tokens["id_token"])["sid"].as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tenant_has_lifetimes_of_its_own() {
    let world = World::start().await;
    let settings = json!({ "session_lifetime": 500, "idle_session_lifetime": 100 });
    world.import(&json!({ "tenants": [{ "id": "other", "settings": settings }] })).await;
    let (here, there) = (world.browser(), world.browser_at("other.localhost"));
    world.ann(&here, "spa", &[]).await.code();
    world.ann(&there, "spa", &[]).await.code();
    for _ in 0..4 {
        world.clock.advance_ms(99_000);
        assert!(!is_asked(&there).await, "each use renews the idle lifetime");
    }
    world.clock.advance_ms(99_000);
    assert!(!is_asked(&there).await);
    world.clock.advance_ms(6_000);
    assert!(is_asked(&there).await, "500 s are the absolute lifetime");
    assert!(!is_asked(&here).await, "here they are longer");
    let idle = world.browser_at("other.localhost");
    world.ann(&idle, "spa", &[]).await.code();
    world.clock.advance_ms(100_000);
    assert!(is_asked(&idle).await, "100 s are the idle lifetime");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_from_before_the_login_is_no_use_after_it() {
    let world = World::start().await;
    // Somebody who has an account plants their own cookie in the browser of somebody else.
    let mallory = world.browser();
    let page = mallory.follow(&mallory.get(&authorize("spa", &[])).await).await;
    mallory.type_in(&page, "bob@example.test", "Correct-Horse-2").await.code();
    let planted = mallory.cookie("jeton_session").unwrap();
    let victim = world.browser();
    victim.set_cookie("jeton_session", &planted);
    world.clock.advance_ms(1);
    let back = world.ann(&victim, "spa", &[("prompt", "login")]).await;
    let tokens = world.exchange(&victim, &back.code()).await.json();
    assert_eq!(claims(&tokens["id_token"])["sub"], "auth0|ann");
    assert_ne!(victim.cookie("jeton_session").unwrap(), planted);
    assert!(is_asked(&mallory).await, "the planted session has ended");
    // And by the same person: the session stays, the cookie does not.
    let before = victim.cookie("jeton_session").unwrap();
    world.clock.advance_ms(1);
    let again = world.ann(&victim, "spa", &[("prompt", "login")]).await;
    assert_eq!(sid(&world.exchange(&victim, &again.code()).await.json()), sid(&tokens));
    let thief = world.browser();
    thief.set_cookie("jeton_session", &before);
    assert!(is_asked(&thief).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_is_noted_now_and_then_and_a_move_at_once() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = world.exchange(&browser, &world.ann(&browser, "spa", &[]).await.code()).await.json();
    let session = async || world.engine().session(sid(&tokens), world.clock.now()).await.unwrap().unwrap();
    let used_at = async || session().await.device.unwrap().used_at.secs();
    let uses = async |browser: &Browser| drop(browser.get(&authorize("spa", &[])).await.code());
    world.clock.advance_ms(299_000);
    uses(&browser).await;
    assert_eq!(used_at().await, 1_800_000_000, "too soon to be noted");
    world.clock.advance_ms(1_000);
    uses(&browser).await;
    assert_eq!(used_at().await, 1_800_000_300);
    world.clock.advance_ms(1_000);
    uses(&browser).await;
    assert_eq!(used_at().await, 1_800_000_300);
    let moved = browser.calling_itself("Other/2.0");
    uses(&moved).await;
    assert_eq!(
        (session().await.device.unwrap().user_agent.as_str(), used_at().await),
        ("Other/2.0", 1_800_000_301)
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_tokens_may_outlive_a_logout_but_not_a_revocation() {
    let world = World::start().await;
    let client = json!({
        "client_id": "offline", "name": "Offline", "app_type": "spa", "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "callbacks": [World::CALLBACK],
        "refresh_token": { "survives_logout": true },
    });
    world.import(&json!({ "tenants": [{ "id": "default", "clients": [client] }] })).await;
    let browser = world.browser();
    let tokens = async |client: &str| {
        let asked = browser.get(&authorize(client, &[])).await;
        let back = match asked.parameter_if_any("code") {
            Some(_) => asked,
            None => world.ann(&browser, client, &[]).await,
        };
        let code = back.code();
        let form = exchange_form(&code).map(|(n, v)| (n, if n == "client_id" { client } else { v }));
        browser.post("/oauth/token", &form).await.json()
    };
    let refresh = async |client: &str, tokens: &Value| {
        let token = tokens["refresh_token"].as_str().unwrap();
        let form = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
        browser.post("/oauth/token", &form).await
    };
    let (mortal, offline) = (tokens("spa").await, tokens("offline").await);
    assert_eq!(sid(&mortal), sid(&offline));
    let cookie = browser.cookie("jeton_session").unwrap();
    browser.get("/v2/logout").await;
    // Twice: by another tab, or by whoever saw no answer.
    browser.set_cookie("jeton_session", &cookie);
    browser.get("/v2/logout").await;
    assert!(is_asked(&browser).await);
    refresh("spa", &mortal).await.refused(400, "invalid_grant");
    let next = refresh("offline", &offline).await.json();
    let userinfo = async |tokens: &Value| {
        browser.get_as("/userinfo", tokens["access_token"].as_str().unwrap()).await.status
    };
    assert_eq!((userinfo(&next).await, userinfo(&mortal).await), (200, 401));
    world.engine().end_session(sid(&next), Initiator::SessionRevoked).await.unwrap();
    refresh("offline", &next).await.refused(400, "invalid_grant");
    assert_eq!(userinfo(&next).await, 401);
    // A new password spares nothing either.
    let offline = tokens("offline").await;
    browser.get("/v2/logout").await;
    world.clock.advance_ms(1000);
    let user = jeton::protocol::ids::UserId::from("auth0|ann");
    let tenant = jeton::protocol::ids::TenantId::from("default");
    world.engine().end_sessions(&tenant, &user, Initiator::PasswordChanged, None).await.unwrap();
    refresh("offline", &offline).await.refused(400, "invalid_grant");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_kept_as_long_as_the_tokens_that_are_about_to_be_asked_for() {
    const DAY_MS: u64 = 86_400_000;
    let world = World::start().await;
    let (session, tokens) = (3 * 86_400, 16 * 86_400);
    let settings = json!({ "session_lifetime": session, "idle_session_lifetime": session, "refresh_token_lifetime": tokens });
    world.change(json!({ "settings": settings })).await;
    let ends = async |tokens: &Value| {
        let session = world.engine().store().find(sid(tokens), world.clock.now()).await.unwrap().unwrap();
        session.expires_at.unwrap().0
    };
    let (browser, begun) = (world.browser(), world.clock.now().0);
    let code = world.ann(&browser, "spa", &[]).await.code();
    world.clock.advance_ms(1000);
    let tokens = world.exchange(&browser, &code).await.json();
    assert_eq!(ends(&tokens).await, begun + 18 * DAY_MS, "an eighth longer than the token, since the login");
    world.clock.advance_ms(DAY_MS);
    let back = browser.get(&authorize("spa", &[])).await;
    let again = world.exchange(&browser, &back.code()).await.json();
    assert_eq!(
        (sid(&again), ends(&again).await),
        (sid(&tokens), begun + 18 * DAY_MS),
        "long enough for another"
    );
    world.clock.advance_ms(DAY_MS * 3 / 2);
    let back = browser.get(&authorize("spa", &[])).await;
    let third = world.exchange(&browser, &back.code()).await.json();
    assert_eq!(ends(&third).await, world.clock.now().0 + 18 * DAY_MS, "and for those that come later");

    let (brief, begun) = (world.browser(), world.clock.now().0);
    let back = world.ann(&brief, "spa", &[("scope", "openid")]).await;
    let tokens = world.exchange(&brief, &back.code()).await.json();
    assert_eq!(ends(&tokens).await, begun + 3 * DAY_MS, "no refresh token is asked for");
    world.stop().await;
}
