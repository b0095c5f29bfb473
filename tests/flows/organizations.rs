//! Organizations at login and at refresh: design §6, line by line.

use jeton::model::change::Change;
use jeton::protocol::ids::{OrganizationId, TenantId, UserId};

use crate::world::World;

const RBAC: &str = "https://rbac.test/";

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_is_for_one_answer_and_the_login_stands() {
    let world = World::start().await;
    let login = world.login_in("app", "offline_access", Some("acme")).await;
    assert_eq!(login.claims()["org_id"], "org_acme0000000001");
    let switched = world.refresh_with("app", &login.refresh_token(), &[("organization", "beta")]).await;
    assert_eq!(switched.claims()["org_id"], "org_beta0000000001");
    assert_eq!(switched.claims()["org_name"], "beta");
    let back = world.refresh("app", &switched.refresh_token()).await;
    assert_eq!(back.claims()["org_id"], "org_acme0000000001");
    let by_id = [("organization", "org_beta0000000001")];
    let by_id = world.refresh_with("app", &back.refresh_token(), &by_id).await;
    assert_eq!(by_id.claims()["org_id"], "org_beta0000000001");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_do_not_consume_the_token() {
    let world = World::start().await;
    let token = world.login("app", "offline_access").await.refresh_token();
    world.refresh_with("app", &token, &[("organization", "nosuch")]).await.refused(400, "invalid_request");
    world.refresh_with("app", &token, &[("organization", "gamma")]).await.refused(403, "access_denied");
    let other = [("organization", "org_only0000000001")];
    world.refresh_with("app", &token, &other).await.refused(400, "invalid_request");
    let answer = world.refresh_with("app", &token, &[("organization", "beta")]).await;
    assert_eq!(answer.claims()["org_id"], "org_beta0000000001");
    assert!(world.refresh("app", &answer.refresh_token()).await.claims().get("org_id").is_none());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn membership_is_checked_without_an_audience_too() {
    let world = World::start().await;
    let form = [
        ("grant_type", "password"),
        ("client_id", "app"),
        ("username", "bob@example.test"),
        ("password", "Correct-Horse-2"),
        ("scope", "openid offline_access"),
        ("organization", "beta"),
    ];
    world.token(&form).await.refused(403, "access_denied");
    let mut within = form;
    within[5] = ("organization", "acme");
    let login = world.token(&within).await;
    let beta = [("organization", "beta")];
    world.refresh_with("app", &login.refresh_token(), &beta).await.refused(403, "access_denied");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_loses_the_logins_organization() {
    let world = World::start().await;
    let token = world.login_in("app", "offline_access", Some("acme")).await.refresh_token();
    let tenant = TenantId::from("default");
    let (user, organization) = (UserId::from("auth0|ann"), OrganizationId::from("org_acme0000000001"));
    let store = world.engine().store();
    store.leave(&tenant, &user, &organization).await.unwrap();
    store.publish(&Change::Membership { tenant, user, organization }).await.unwrap();
    world.until_status("app", &token, 403).await;
    let elsewhere = world.refresh_with("app", &token, &[("organization", "beta")]).await;
    assert_eq!(elsewhere.status, 200, "the token itself was never consumed");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_of_an_organization_stay_inside_it() {
    let world = World::start().await;
    let scope = "offline_access read:things admin:things";
    let form: Vec<_> = World::login_form("app", scope, RBAC).into_iter().collect();
    let outside = world.token(&form).await;
    assert_eq!(outside.claims()["permissions"], serde_json::json!(["read:things"]));
    assert_eq!(outside.claims()["scope"], "offline_access read:things");
    let inside = world.refresh_with("app", &outside.refresh_token(), &[("organization", "acme")]).await;
    assert_eq!(inside.claims()["permissions"], serde_json::json!(["admin:things", "read:things"]));
    assert_eq!(inside.claims()["scope"], scope);
    let plain = world.refresh_with("app", &inside.refresh_token(), &[("organization", "beta")]).await;
    assert_eq!(plain.claims()["permissions"], serde_json::json!(["read:things"]));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_may_require_or_refuse_organizations() {
    let world = World::start().await;
    let without = World::login_form("orgs-only", "offline_access", "https://api.test/");
    world.token(&without).await.refused(400, "invalid_request");
    let token = world.login_in("orgs-only", "offline_access", Some("acme")).await.refresh_token();
    assert_eq!(world.refresh("orgs-only", &token).await.claims()["org_id"], "org_acme0000000001");
    let token = world.login("no-orgs", "offline_access").await.refresh_token();
    world.refresh_with("no-orgs", &token, &[("organization", "acme")]).await.refused(400, "invalid_request");
    assert_eq!(world.refresh("no-orgs", &token).await.status, 200);
    world.stop().await;
}
