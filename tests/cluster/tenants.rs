//! Tenants made and removed at one process, counted at two.

use std::time::Instant;

use serde_json::json;

use crate::delays::{Administrator, OURS, until};
use crate::world::{PATIENT, World, measured};

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_there_and_gone_at_the_other_process_too() {
    let world = World::with(&[&PATIENT[..], &OURS].concat()).await;
    let (admin, b) = (Administrator::at(world.a()).await, world.b());
    let status = async || b.get_at("acme.localhost", "/.well-known/openid-configuration").await.0;
    assert_eq!(status().await, 404);
    let (since, made) = admin.does("POST", "tenants", json!({ "id": "acme" })).await;
    measured("tenant created", until(since, async || status().await == 200).await);

    let client = &made["management_client"];
    let text = |name: &str| client[name].as_str().unwrap().to_owned();
    let (id, secret, audience) = (text("client_id"), text("client_secret"), text("audience"));
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &id),
        ("client_secret", &secret),
        ("audience", &audience),
    ];
    let answer = b.post_at("acme.localhost", "/oauth/token", &form).await;
    assert_eq!(answer.0, 200, "{answer:?}");

    let domain = json!({ "domain": "login.acme.test", "type": "self_managed_certs" });
    let (_, claimed) = admin.does("POST", "custom-domains", domain).await;
    let issuer =
        async || b.get_at("login.acme.test", "/.well-known/openid-configuration").await.1["issuer"].clone();
    assert!(!issuer().await.to_string().contains("login.acme.test"));
    let vouch =
        format!("tenants/demo/custom-domains/{}/verify", claimed["custom_domain_id"].as_str().unwrap());
    let (since, _) = admin.does("POST", &vouch, json!({})).await;
    let heard = async || issuer().await.to_string().contains("login.acme.test");
    measured("custom domain verified", until(since, heard).await);

    let (since, _) = admin.does("DELETE", "tenants/acme", json!({})).await;
    measured("tenant deleted", until(since, async || status().await == 404).await);
    assert_eq!(b.post_at("acme.localhost", "/oauth/token", &form).await.0, 404);
    let there = Administrator::at(world.b()).await;
    until(Instant::now(), async || there.asks("tenants/acme").await.0 == 404).await;
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_at_two_processes_add_up() {
    let world = World::with(&[&PATIENT[..], &OURS].concat()).await;
    let (a, b) = (world.a(), world.b());
    a.login("grace").await;
    b.login("grace").await;
    b.login("linus").await;
    let admin = Administrator::at(world.a()).await;
    until(Instant::now(), async || admin.asks("stats/daily").await.1[0]["logins"] == 3).await;
    assert_eq!(admin.asks("stats/active-users").await.1, json!(2));
    world.stop();
}
