//! Back-channel logout: every application of a session is told of its end, whatever ended it, once, however often it
//! takes.

use jeton::model::oidc_logout::Initiator;
use jeton::protocol::ids::{SessionId, TenantId};
use jeton::protocol::jwt::Compact;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::receiver::Receiver;
use crate::world::{World, authorize, claims, exchange_form};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A client that is told at `url`.
async fn client(world: &World, id: &str, oidc_logout: Value) {
    let client = json!({
        "client_id": id, "name": id, "app_type": "spa", "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "callbacks": [World::CALLBACK],
        "allowed_logout_urls": ["https://app.test/bye"], "oidc_logout": oidc_logout,
    });
    world.import(&json!({ "tenants": [{ "id": "default", "clients": [client] }] })).await;
}

fn told_at(receiver: &Receiver) -> Value {
    json!({ "backchannel_logout_urls": [receiver.url()] })
}

/// Logs Ann in at a client; the tokens.
async fn log_in(browser: &Browser, id: &str) -> Value {
    let asked = browser.get(&authorize(id, &[])).await;
    let back = if asked.location().starts_with("/u/") {
        let page = browser.follow(&asked).await;
        browser.type_in(&page, "ann@example.test", "Correct-Horse-1").await
    } else {
        asked
    };
    let code = back.code();
    let form = exchange_form(&code).map(|(name, value)| (name, if name == "client_id" { id } else { value }));
    browser.post("/oauth/token", &form).await.json()
}

fn sid(tokens: &Value) -> SessionId {
    SessionId::parse(claims(&tokens["id_token"])["sid"].as_str().unwrap()).unwrap()
}

/// What the tenant's log says, newest first, once it says something of `event`.
async fn logged(world: &World, event: &str) -> Vec<Value> {
    for _ in 0..200 {
        let events = world.engine().store().recent(&TenantId::from("default"), None, 100).await.unwrap();
        let events: Vec<Value> =
            events.iter().map(|logged| serde_json::to_value(&logged.event).unwrap()).collect();
        let found: Vec<Value> = events.into_iter().filter(|logged| logged["type"] == event).collect();
        if !found.is_empty() {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("nothing of {event} in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_application_is_told_once_however_often_it_fails_first() {
    let world = World::start().await;
    let (one, two) = (Receiver::start(&[503, 0, 500]).await, Receiver::start(&[]).await);
    client(&world, "one", told_at(&one)).await;
    client(&world, "two", told_at(&two)).await;
    let browser = world.browser();
    let tokens = log_in(&browser, "one").await;
    log_in(&browser, "two").await;
    log_in(&browser, "one").await;
    log_in(&browser, "spa").await;
    browser.get("/v2/logout").await;

    let (first, second) = (one.received(4).await, two.received(1).await);
    assert_eq!(first.iter().map(|(status, _)| *status).collect::<Vec<_>>(), [503, 0, 500, 200]);
    let keys = world.engine().published_keys(&TenantId::from("default")).await.unwrap();
    let mut ids = Vec::new();
    for (client, (_, token)) in first.iter().map(|it| ("one", it)).chain(second.iter().map(|it| ("two", it)))
    {
        let verified = keys.verify(token).unwrap();
        assert_eq!(verified.typ.as_deref(), Some("logout+jwt"));
        assert_eq!(Compact::read(token).unwrap().header.alg, "EdDSA");
        let mut says: Value = serde_json::from_slice(&verified.claims).unwrap();
        ids.push((client, says["jti"].take()));
        let id = &claims(&tokens["id_token"]);
        let expected = json!({
            "iss": id["iss"], "sub": "auth0|ann", "aud": client, "sid": id["sid"], "jti": null,
            "iat": 1_800_000_000, "exp": 1_800_000_120, "events": { EVENT: {} },
        });
        assert_eq!(says, expected, "and no nonce");
    }
    assert!(ids[..4].iter().all(|id| *id == ids[0]), "a repetition can be known: {ids:?}");
    assert_ne!(ids[0].1, ids[4].1);
    let told = logged(&world, "oidc_backchannel_logout_succeeded").await;
    assert_eq!(told[0]["user"], "auth0|ann");
    assert_eq!(logged(&world, "slo").await.len(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_a_session_tells() {
    let world = World::start().await;
    let receiver = Receiver::start(&[]).await;
    client(&world, "told", told_at(&receiver)).await;
    let mut count = 0;

    // The application, by a hint.
    let browser = world.browser();
    let tokens = log_in(&browser, "told").await;
    browser.get(&format!("/oidc/logout?id_token_hint={}", tokens["id_token"].as_str().unwrap())).await;
    count += 1;
    receiver.received(count).await;

    // Somebody else in the same browser.
    log_in(&browser, "told").await;
    world.clock.advance_ms(1);
    let page = browser.follow(&browser.get(&authorize("spa", &[("prompt", "login")])).await).await;
    browser.type_in(&page, "bob@example.test", "Correct-Horse-2").await.code();
    count += 1;
    receiver.received(count).await;

    // A new password by a link.
    let mut browser = world.browser();
    log_in(&browser, "told").await;
    let visitor = world.browser();
    let page = visitor.follow(&visitor.get(&authorize("spa", &[])).await).await;
    visitor.post("/u/forgot", &[("state", &page.state()), ("email", "ann@example.test")]).await;
    let link = world.links(1).await.remove(0);
    let ticket = visitor.get(&link).await.hidden("ticket").unwrap();
    visitor.post("/u/reset", &[("ticket", &ticket), ("password", "Correct-Horse-1")]).await;
    count += 1;
    receiver.received(count).await;
    world.clock.advance_ms(1000);

    // A refresh token that was used twice, where that ends the session.
    world
        .import(&json!({ "tenants": [{ "id": "default", "settings": { "reuse_ends_session": true } }] }))
        .await;
    browser = world.browser();
    let tokens = log_in(&browser, "told").await;
    let refresh = |token: &str| {
        [("grant_type", "refresh_token"), ("client_id", "told"), ("refresh_token", token)]
            .map(|(n, v)| (n, v.to_owned()))
    };
    let first = refresh(tokens["refresh_token"].as_str().unwrap());
    let first = first.each_ref().map(|(name, value)| (*name, value.as_str()));
    browser.post("/oauth/token", &first).await;
    world.clock.advance_ms(60_000);
    browser.post("/oauth/token", &first).await.refused(400, "invalid_grant");
    count += 1;
    receiver.received(count).await;

    // A second end of the same session says nothing more.
    world.engine().end_session(sid(&tokens), Initiator::SessionRevoked).await.unwrap();
    receiver.received(count).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_hears_of_the_ends_that_it_selected() {
    let world = World::start().await;
    let receiver = Receiver::start(&[]).await;
    let mut settings = told_at(&receiver);
    settings["backchannel_logout_initiators"] =
        json!({ "mode": "custom", "selected_initiators": ["rp-logout", "session-revoked"] });
    client(&world, "told", settings).await;
    for (initiator, count) in [
        (Initiator::AccountDeactivated, 0),
        (Initiator::SessionRevoked, 1),
        (Initiator::PasswordChanged, 1),
        (Initiator::RpLogout, 2),
    ] {
        let tokens = log_in(&world.browser(), "told").await;
        world.engine().end_session(sid(&tokens), initiator).await.unwrap();
        receiver.received(count).await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_refuses_is_not_asked_again_and_that_is_logged() {
    let world = World::start().await;
    let receiver = Receiver::start(&[400]).await;
    client(&world, "told", told_at(&receiver)).await;
    let browser = world.browser();
    log_in(&browser, "told").await;
    browser.get("/v2/logout").await;
    receiver.received(1).await;
    let failed = logged(&world, "oidc_backchannel_logout_failed").await;
    assert_eq!((&failed[0]["client"], &failed[0]["description"]), (&json!("told"), &json!("answered 400")));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_honest_places_can_be_registered() {
    let world = World::start().await;
    for bad in
        ["http://app.test/out", "https://app.test/#x", "ftp://app.test/", "app.test", "https://u:p@app.test/"]
    {
        let client = json!({ "client_id": "bad", "name": "bad", "app_type": "spa",
            "oidc_logout": { "backchannel_logout_urls": [bad] } });
        let refused = world.refused(&json!({ "tenants": [{ "id": "default", "clients": [client] }] })).await;
        assert!(refused.contains("oidc_logout.backchannel_logout_urls[0]"), "{bad}: {refused}");
    }
    let discovery = world.browser().get("/.well-known/openid-configuration").await.json();
    for name in ["backchannel", "frontchannel"] {
        assert_eq!(discovery[format!("{name}_logout_supported")], true);
        assert_eq!(discovery[format!("{name}_logout_session_supported")], true);
    }
    world.stop().await;
}
