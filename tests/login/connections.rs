//! Connections at login: which of them an organization takes, and where newcomers may sign up.

use jeton::engine::records::Mode;
use jeton::engine::registrar::registrar;
use jeton::model::record::Record as _;
use jeton::protocol::ids::{OrganizationId, TenantId, UserId};
use serde_json::{Value, json};

use crate::browser::Answer;
use crate::world::{World, authorize};

const DIRECTORY: &str = "Username-Password-Authentication";

/// Enables these connections, and no other, for Acme.
async fn enable(world: &World, enabled: Value) {
    let tenant = world.engine().tenancy().by_id(&TenantId::from("default")).unwrap().tenant.clone();
    let draft = json!({ "id": "org_acme0000000001", "enabled_connections": enabled });
    let draft = serde_json::from_value(draft).unwrap();
    let put = registrar(world.engine()).put_organization(&tenant, draft, Mode::Update).await.unwrap();
    world.engine().cached().apply(&put.record.change());
}

/// Changes the directory, and waits until this node has heard of it.
async fn change_directory(world: &World, options: Value) {
    let tenant = world.engine().tenancy().by_id(&TenantId::from("default")).unwrap().tenant.clone();
    let draft = serde_json::from_value(json!({ "name": DIRECTORY, "options": options })).unwrap();
    let put = registrar(world.engine()).put_connection(&tenant, draft, Mode::Import).await.unwrap();
    world.engine().cached().apply(&put.record.change());
}

async fn dee_at_acme(world: &World) -> Answer {
    let browser = world.browser();
    let page = browser.follow(&browser.get(&authorize("spa", &[("organization", "acme")])).await).await;
    browser.type_in(&page, "dee@example.test", "Correct-Horse-4").await
}

async fn ann_at_acme(world: &World) -> Answer {
    world.ann(&world.browser(), "spa", &[("organization", "acme")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_takes_the_connections_that_it_lists_and_all_when_it_lists_none() {
    let world = World::start().await;
    let tenant = world.engine().tenancy().by_id(&TenantId::from("default")).unwrap().tenant.clone();
    let staff = serde_json::from_value(json!({ "name": "staff" })).unwrap();
    registrar(world.engine()).put_connection(&tenant, staff, Mode::Create).await.unwrap();
    let browser = world.browser();
    let back = world.ann(&browser, "spa", &[("organization", "acme")]).await;
    let tokens = world.exchange(&browser, &back.code()).await.json();
    let refresh = tokens["refresh_token"].as_str().unwrap();

    enable(&world, json!([{ "connection_id": "staff" }])).await;
    let refused = ann_at_acme(&world).await;
    refused.sent_back("access_denied");
    assert!(
        refused.parameter("error_description").unwrap().contains("connection is not enabled"),
        "{refused:?}"
    );
    let form = [("grant_type", "refresh_token"), ("client_id", "spa"), ("refresh_token", refresh)];
    browser.post("/oauth/token", &form).await.refused(403, "access_denied");
    world.ann(&world.browser(), "spa", &[]).await.code();
    let asked = world.ann(&world.browser(), "orgs", &[]).await;
    asked.code();

    enable(&world, json!([{ "connection_id": DIRECTORY }])).await;
    ann_at_acme(&world).await.code();
    assert_eq!(browser.post("/oauth/token", &form).await.status, 200, "the refusal used nothing up");
    dee_at_acme(&world).await.sent_back("access_denied");
    enable(&world, json!([])).await;
    ann_at_acme(&world).await.code();
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_makes_a_member_where_the_organization_says_so() {
    let world = World::start().await;
    enable(&world, json!([{ "connection_id": DIRECTORY, "assign_membership_on_login": true }])).await;
    dee_at_acme(&world).await.code();
    let (dee, acme) = (UserId::from("auth0|dee"), OrganizationId::from("org_acme0000000001"));
    let joined = world.engine().store().find_membership(&"default".into(), &dee, &acme).await.unwrap();
    assert!(joined.is_some_and(|membership| membership.roles.is_empty()));
    enable(&world, json!([{ "connection_id": DIRECTORY }])).await;
    dee_at_acme(&world).await.code();
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_up_where_the_connection_is_closed() {
    let world = World::start().await;
    let browser = world.browser();
    let begun = authorize("spa", &[("screen_hint", "signup")]);
    let offered =
        async || browser.follow(&browser.get(&authorize("spa", &[])).await).await.body.contains("/u/signup");
    let sign_up = async |email: &str| {
        let page = browser.follow(&browser.get(&begun).await).await;
        let form = [
            ("state", page.state()),
            ("email", email.to_owned()),
            ("password", "Battery-Staple-9".to_owned()),
        ];
        browser.post("/u/signup", &form.each_ref().map(|(name, value)| (*name, value.as_str()))).await
    };
    let api = [
        ("client_id", "spa"),
        ("connection", DIRECTORY),
        ("email", "api@example.test"),
        ("password", "Battery-Staple-9"),
    ];
    assert!(offered().await);
    change_directory(&world, json!({ "disable_signup": true })).await;
    assert!(!offered().await);
    sign_up("one@example.test").await.shown(400);
    let refused = browser.post("/dbconnections/signup", &api).await;
    assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("invalid_signup")), "{refused:?}");
    change_directory(&world, json!({ "disable_signup": false })).await;
    assert!(offered().await);
    sign_up("two@example.test").await.code();
    assert_eq!(browser.post("/dbconnections/signup", &api).await.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_up_where_the_tenant_is_closed() {
    let world = World::start().await;
    let id = TenantId::from("default");
    let mut closed = world.engine().tenancy().by_id(&id).unwrap().tenant.clone();
    closed.settings.disable_signup = true;
    let catalog = world.engine().cached().catalog();
    catalog.save(&closed, jeton::store::records::Expect::Anything).await.unwrap();
    for _ in 0..200 {
        if world.engine().tenancy().by_id(&id).unwrap().tenant.settings.disable_signup {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    // An organization does not open what the tenant closed.
    let enabled = json!([{ "connection_id": DIRECTORY, "is_signup_enabled": true, "assign_membership_on_login": true }]);
    enable(&world, enabled).await;
    let browser = world.browser();
    for more in [&[][..], &[("organization", "acme")]] {
        let page = browser.follow(&browser.get(&authorize("spa", more)).await).await;
        assert!(!page.body.contains("/u/signup"), "{page:?}");
        let form = [
            ("state", page.state()),
            ("email", "one@example.test".to_owned()),
            ("password", "Battery-Staple-9".to_owned()),
        ];
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        browser.post("/u/signup", &form).await.shown(400);
    }
    world.stop().await;
}
