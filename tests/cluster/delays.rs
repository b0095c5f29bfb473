//! How soon the other process knows of a change by the management API: measured, and held to a second.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::caller::Caller;
use crate::world::{PATIENT, World};

const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
/// Enough that the worst percentile is more than one mishap.
const ROUNDS: usize = 100;
/// Keys are slower to change: each round makes two.
const KEY_ROUNDS: usize = 50;
const ORDERS: &str = "https://orders.demo.example/";

/// An administrator of the demo tenant, which is also the operator's.
pub(crate) const OURS: [(&str, &str); 5] = [
    ("BOOTSTRAP__CLIENT_ID", "administrator"),
    ("BOOTSTRAP__CLIENT_SECRET", SECRET),
    ("TENANTS__DEFAULT_TENANT", "demo"),
    // Measuring is asking a lot.
    ("MANAGEMENT__REQUESTS_BURST", "100000"),
    ("MANAGEMENT__REQUESTS_PER_SECOND", "100000"),
];

/// An administrator at one process.
pub(crate) struct Administrator {
    caller: Caller,
    token: String,
}

impl Administrator {
    pub(crate) async fn at(caller: Caller) -> Self {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "administrator"),
            ("client_secret", SECRET),
            ("audience", "urn:jeton:management"),
        ];
        let token = caller.try_post("/oauth/token", &form).await.unwrap().text("access_token");
        Self { caller, token }
    }

    /// Changes something; the instant at which that was acknowledged, and the answer.
    pub(crate) async fn does(&self, method: &str, path: &str, body: Value) -> (Instant, Value) {
        let answer = self.caller.manage(&self.token, (method, path), &body).await;
        assert!(answer.status < 300, "{method} {path}: {answer:?}");
        (Instant::now(), answer.body)
    }

    /// Status and body of what is there.
    pub(crate) async fn asks(&self, path: &str) -> (u16, Value) {
        let answer = self.caller.manage(&self.token, ("GET", path), &json!({})).await;
        (answer.status, answer.body)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_reach_the_other_process_within_a_second() {
    let world = World::with(&[&PATIENT[..], &OURS].concat()).await;
    let (admin, b) = (Administrator::at(world.a()).await, world.b());
    secrets(&admin, &b).await;
    blocks(&admin, &b).await;
    members(&admin, &b).await;
    lifetimes(&admin, &b).await;
    keys(&world, &b).await;
    world.stop();
}

async fn secrets(admin: &Administrator, b: &Caller) {
    let new = json!({ "client_id": "machine", "client_secret": SECRET, "name": "M", "app_type": "non_interactive" });
    admin.does("POST", "clients", new).await;
    admin.does("POST", "client-grants", json!({ "client_id": "machine", "audience": ORDERS })).await;
    let mut delays = Vec::new();
    let mut secret = SECRET.to_owned();
    for _ in 0..ROUNDS {
        let status = async |secret: &str| machine(b, secret).await.status;
        until(Instant::now(), async || status(&secret).await == 200).await;
        let (since, client) = admin.does("POST", "clients/machine/rotate-secret", json!({})).await;
        delays.push(until(since, async || status(&secret).await == 401).await);
        client["client_secret"].as_str().unwrap().clone_into(&mut secret);
    }
    report("client secret rotated", delays);
}

async fn blocks(admin: &Administrator, b: &Caller) {
    let mut delays = Vec::new();
    for _ in 0..ROUNDS {
        // Blocking ended the sessions of the round before.
        until(Instant::now(), async || b.try_login("grace").await.status == 200).await;
        let mut token = b.login("grace").await;
        assert_eq!(refreshed(b, &mut token, &[]).await, 200);
        let (since, _) = admin.does("PATCH", "users/auth0%7Cdemo-grace", json!({ "blocked": true })).await;
        delays.push(until(since, async || refreshed(b, &mut token, &[]).await == 400).await);
        admin.does("PATCH", "users/auth0%7Cdemo-grace", json!({ "blocked": false })).await;
    }
    report("user blocked", delays);
}

async fn members(admin: &Administrator, b: &Caller) {
    let (mut token, globex) = (b.login("linus").await, [("organization", "globex")]);
    let user = b.subject(&token).await;
    let (path, body) = ("organizations/org_demo_globex/members", json!({ "members": [user] }));
    let mut delays = Vec::new();
    for _ in 0..ROUNDS {
        admin.does("POST", path, body.clone()).await;
        until(Instant::now(), async || refreshed(b, &mut token, &globex).await == 200).await;
        let (since, _) = admin.does("DELETE", path, body.clone()).await;
        delays.push(until(since, async || refreshed(b, &mut token, &globex).await == 403).await);
    }
    report("member removed", delays);
}

async fn lifetimes(admin: &Administrator, b: &Caller) {
    let mut delays = Vec::new();
    for round in 0..ROUNDS {
        let (path, wanted) = ("resource-servers/https%3A%2F%2Forders.demo.example%2F", 1000 + round);
        let (since, _) = admin.does("PATCH", path, json!({ "token_lifetime": wanted })).await;
        let heard = async || b.machine("orders", &[]).await.body["expires_in"] == wanted;
        delays.push(until(since, heard).await);
    }
    report("resource server changed", delays);
}

async fn keys(world: &World, b: &Caller) {
    // Whoever is first to ask for the key set waits until there is a key of every algorithm: an RSA key takes a
    // tenth of a second and more, and has nothing to do with what is measured.
    b.keys().await;
    let mut delays = Vec::new();
    for _ in 0..KEY_ROUNDS {
        // Whoever revokes the key that signed the own token needs another.
        let admin = Administrator::at(world.a()).await;
        let listed = admin.does("GET", "keys/signing", json!({})).await.1;
        let current = |key: &&Value| key["current"] == true && key["alg"] == "EdDSA";
        let key = listed.as_array().unwrap().iter().find(current).unwrap()["kid"].clone();
        let path = format!("keys/signing/{}/revoke", key.as_str().unwrap());
        let (since, _) = admin.does("PUT", &path, json!({})).await;
        let gone = async || b.keys().await["keys"].as_array().unwrap().iter().all(|own| own["kid"] != key);
        delays.push(until(since, gone).await);
    }
    report("key revoked", delays);
}

async fn machine(b: &Caller, secret: &str) -> crate::caller::Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "machine"),
        ("client_secret", secret),
        ("audience", ORDERS),
    ];
    b.try_post("/oauth/token", &form).await.unwrap()
}

/// Refreshes and keeps the successor; the status.
async fn refreshed(b: &Caller, token: &mut String, more: &[(&str, &str)]) -> u16 {
    let answer = b.try_refresh(token, more).await.unwrap();
    if answer.status == 200 {
        *token = answer.refresh_token();
    }
    answer.status
}

pub(crate) async fn until(since: Instant, mut heard: impl AsyncFnMut() -> bool) -> Duration {
    while !heard().await {
        assert!(since.elapsed() < Duration::from_secs(30), "never heard of it");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    since.elapsed()
}

#[expect(clippy::print_stderr, reason = "measurements are for people")]
fn report(what: &str, mut delays: Vec<Duration>) {
    delays.sort_unstable();
    let rank = |percent: usize| delays[(delays.len() * percent).div_ceil(100) - 1];
    let (p50, p99, worst) = (rank(50), rank(99), delays[delays.len() - 1]);
    eprintln!("measured: {what}: p50 {p50:.1?}, p99 {p99:.1?}, worst of {} {worst:.1?}", delays.len());
    assert!(worst < Duration::from_secs(1), "{what}: {worst:?}");
}
