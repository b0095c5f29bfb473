//! Accounts of people's own: signing up, confirming an address, choosing a new password; and no telling who exists.

use jeton::engine::records::Mode;
use jeton::engine::registrar::registrar;
use jeton::protocol::ids::TenantId;
use serde_json::json;

use crate::browser::{Answer, Browser};
use crate::world::{World, authorize, claims};

const NEW: &str = "new@example.test";
const PASSWORD: &str = "Battery-Staple-9";

async fn login_page(browser: &Browser) -> Answer {
    browser.follow(&browser.get(&authorize("spa", &[])).await).await
}

async fn sign_up(browser: &Browser, email: &str, password: &str) -> Answer {
    let asked = browser.get(&authorize("spa", &[("screen_hint", "signup")])).await;
    let page = browser.follow(&asked).await;
    let form = [("state", page.state()), ("email", email.to_owned()), ("password", password.to_owned())];
    browser.post("/u/signup", &form.each_ref().map(|(name, value)| (*name, value.as_str()))).await
}

async fn forgot(browser: &Browser, email: &str) -> Answer {
    let page = login_page(browser).await;
    browser.post("/u/forgot", &[("state", &page.state()), ("email", email)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_is_logged_in_and_confirms_the_address() {
    let world = World::start().await;
    let browser = world.browser();
    let back = sign_up(&browser, "New@Example.test", PASSWORD).await;
    let tokens = world.exchange(&browser, &back.code()).await.json();
    let id = claims(&tokens["id_token"]);
    assert_eq!((&id["email"], &id["email_verified"]), (&NEW.into(), &false.into()));
    let link = world.links(1).await.remove(0);
    assert!(link.starts_with("/u/verify?ticket=ml_"), "{link}");
    world.browser_at("other.localhost").get(&link).await.shown(400);
    world.browser().get(&link.replace("/u/verify", "/u/reset")).await.shown(400);
    for _ in 0..2 {
        assert!(world.browser().get(&link).await.body.contains("Your email address is confirmed."));
    }
    let elsewhere = world.browser();
    let page = login_page(&elsewhere).await;
    let back = elsewhere.type_in(&page, NEW, PASSWORD).await;
    let again = world.exchange(&elsewhere, &back.code()).await.json();
    assert_eq!(claims(&again["id_token"])["email_verified"], true);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn weak_malformed_and_taken_are_declined() {
    let world = World::start().await;
    let browser = world.browser();
    for (email, password) in [
        (NEW, "short"),
        (NEW, "aaaaaaaaaaaa"),
        ("annabella@example.test", "Annabella-1"),
        ("not an address", PASSWORD),
        ("<script>@example.test", PASSWORD),
        ("ann@example.test", PASSWORD),
        ("ANN@example.test", PASSWORD),
    ] {
        let answer = sign_up(&browser, email, password).await;
        answer.shown(400);
        assert!(!answer.body.contains("<script"), "{answer:?}");
    }
    assert!(world.links(0).await.is_empty() && browser.cookie("jeton_session").is_none());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_replaced_once_and_everything_built_on_it_ends() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = world.exchange(&browser, &world.ann(&browser, "spa", &[]).await.code()).await.json();
    world.clock.advance_ms(1000);
    let visitor = world.browser();
    let known = forgot(&visitor, "Ann@example.test").await;
    let link = world.links(1).await.remove(0);
    let unknown = forgot(&visitor, "who@example.test").await;
    assert_eq!(
        known.body.replace(&before_link(&known), ""),
        unknown.body.replace(&before_link(&unknown), "")
    );
    world.links(1).await;

    let form = visitor.get(&link).await;
    let ticket = form.hidden("ticket").unwrap();
    let choose = async |password: &str| {
        visitor.post("/u/reset", &[("ticket", ticket.as_str()), ("password", password)]).await
    };
    choose("weak").await.shown(400);
    assert!(choose(PASSWORD).await.body.contains("Your password is changed."));
    choose("Another-Battery-7").await.shown(400);
    visitor.get(&link).await.shown(400);

    let refresh = tokens["refresh_token"].as_str().unwrap();
    let refresh = [("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", refresh)];
    browser.post("/oauth/token", &refresh).await.refused(400, "invalid_grant");
    browser.get(&authorize("spa", &[("prompt", "none")])).await.sent_back("login_required");
    let page = login_page(&visitor).await;
    visitor.type_in(&page, "ann", "Correct-Horse-1").await.shown(400);
    assert!(visitor.type_in(&page, "ann", PASSWORD).await.parameter("code").is_some());
    world.stop().await;
}

fn before_link(page: &Answer) -> String {
    page.body.split("/u/login?state=").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn links_expire_and_a_new_password_ends_earlier_ones() {
    let world = World::start().await;
    let visitor = world.browser();
    forgot(&visitor, "ann@example.test").await;
    forgot(&visitor, "ann@example.test").await;
    let links = world.links(2).await;
    let ticket = visitor.get(&links[0]).await.hidden("ticket").unwrap();
    world.clock.advance_ms(1000);
    visitor.post("/u/reset", &[("ticket", &ticket), ("password", PASSWORD)]).await;
    visitor.get(&links[1]).await.shown(400);
    forgot(&visitor, "ann@example.test").await;
    let fresh = world.links(3).await.remove(2);
    assert_eq!(visitor.get(&fresh).await.status, 200);
    world.clock.advance_ms(3_600_000);
    visitor.get(&fresh).await.shown(400);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn auth0s_own_endpoints_do_the_same() {
    let world = World::start().await;
    let browser = world.browser();
    let connection = ("connection", "Username-Password-Authentication");
    let form = |email: &'static str, password: &'static str| {
        [("client_id", "spa"), connection, ("email", email), ("password", password)]
    };
    let made = browser.post("/dbconnections/signup", &form(NEW, PASSWORD)).await;
    assert_eq!((made.status, &made.json()["email"]), (200, &NEW.into()), "{made:?}");
    let taken = browser.post("/dbconnections/signup", &form(NEW, PASSWORD)).await;
    assert_eq!((taken.status, &taken.json()["code"]), (400, &"invalid_signup".into()));
    let weak = browser.post("/dbconnections/signup", &form("x@example.test", "weak")).await;
    assert_eq!(weak.json()["code"], "invalid_password");
    let elsewhere =
        [("client_id", "spa"), ("connection", "nosuch"), ("email", "y@example.test"), ("password", PASSWORD)];
    assert_eq!(browser.post("/dbconnections/signup", &elsewhere).await.json()["code"], "invalid_signup");
    browser.post("/dbconnections/signup", &[("client_id", "nobody")]).await.refused(400, "invalid_request");

    let ask = async |email: &'static str| {
        browser
            .post("/dbconnections/change_password", &[("client_id", "spa"), connection, ("email", email)])
            .await
    };
    assert_eq!(ask(NEW).await.body, ask("who@example.test").await.body);
    let mut links = world.links(2).await;
    // Messages leave side by side.
    links.sort();
    assert!(links[0].starts_with("/u/reset") && links[1].starts_with("/u/verify"), "{links:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_in_the_connection_that_is_named() {
    const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";
    let world = World::start().await;
    let browser = world.browser();
    world.connection(json!({ "name": "staff" })).await;
    world.connection(json!({ "name": "email", "strategy": "email" })).await;
    world.client(json!({ "client_id": "spa", "grant_types": [REALM] })).await;
    let tenant = world.engine().tenancy().by_id(&TenantId::from("default")).unwrap().tenant.clone();
    // The address is Ann's in the default directory too; Eve is in this one only.
    for email in ["ann@example.test", "eve@example.test"] {
        let user = json!({ "connection": "staff", "email": email, "password": "Correct-Horse-5" });
        let user = serde_json::from_value(user).unwrap();
        registrar(world.engine()).put_user(&tenant, user, Mode::Create).await.unwrap();
    }
    let ask = async |connection: &str, email: &str| {
        let form = [("client_id", "spa"), ("connection", connection), ("email", email)];
        browser.post("/dbconnections/change_password", &form).await
    };
    for nowhere in ["nosuch", "email"] {
        ask(nowhere, "ann@example.test").await.refused(400, "invalid_request");
    }
    assert_eq!(ask("Username-Password-Authentication", "eve@example.test").await.status, 200);
    for (nth, email) in [(0, "ann@example.test"), (1, "eve@example.test")] {
        assert_eq!(ask("staff", email).await.status, 200);
        let link = world.links(nth + 1).await.remove(nth);
        let ticket = browser.get(&link).await.hidden("ticket").unwrap();
        let answer = browser.post("/u/reset", &[("ticket", &ticket), ("password", PASSWORD)]).await;
        assert!(answer.body.contains("Your password is changed."), "{answer:?}");
    }
    let log_in = async |realm: &str, email: &str, password: &str| {
        let form = [("grant_type", REALM), ("client_id", "spa"), ("realm", realm), ("username", email)];
        let form = [&form[..], &[("password", password), ("audience", "https://api.test/")]].concat();
        browser.post("/oauth/token", &form).await.status
    };
    assert_eq!(log_in("staff", "ann@example.test", PASSWORD).await, 200);
    assert_eq!(log_in("staff", "eve@example.test", PASSWORD).await, 200);
    let (directory, before) = ("Username-Password-Authentication", "Correct-Horse-1");
    assert_eq!(log_in(directory, "ann@example.test", before).await, 200, "this one was not changed");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_account_is_looked_up_after_the_answer() {
    let world = World::start().await;
    let browser = world.browser();
    let held = world.store.names.write().await;
    let answered = async {
        for email in ["ann@example.test", "who@example.test"] {
            let connection = ("connection", "Username-Password-Authentication");
            let form = [("client_id", "spa"), connection, ("email", email)];
            assert_eq!(browser.post("/dbconnections/change_password", &form).await.status, 200);
            assert_eq!(forgot(&browser, email).await.status, 200);
        }
    };
    let patience = std::time::Duration::from_secs(10);
    tokio::time::timeout(patience, answered).await.expect("the answer waits for nobody's name");
    world.links(0).await;
    drop(held);
    world.links(2).await;
    world.stop().await;
}
