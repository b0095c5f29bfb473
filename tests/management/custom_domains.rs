//! Custom domains: claimed by a tenant, proved by the DNS or by the operator, answered at only then.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use jeton::config::custom_domains::Verification;
use reqwest::Method;
use serde_json::json;
use tokio::net::UdpSocket;

use crate::world::World;

/// A name server that knows TXT records, and nothing else.
struct Names {
    address: SocketAddr,
    records: Arc<Mutex<HashMap<String, String>>>,
}

impl Names {
    async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let records: Arc<Mutex<HashMap<String, String>>> = Arc::default();
        let known = Arc::clone(&records);
        tokio::spawn(async move {
            let mut question = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut question).await {
                let answer = answered(&question[..length], &known.lock().unwrap());
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        Self { address, records }
    }

    fn say(&self, name: &str, text: &str) {
        self.records.lock().unwrap().insert(name.to_owned(), text.to_owned());
    }
}

/// An answer of RFC 1035 §4: the question again, and the text or no such name.
fn answered(question: &[u8], records: &HashMap<String, String>) -> Vec<u8> {
    let mut at = 12;
    let mut labels = Vec::new();
    while question[at] != 0 {
        let length = usize::from(question[at]);
        labels.push(String::from_utf8_lossy(&question[at + 1..=at + length]).to_lowercase());
        at += length + 1;
    }
    let end = at + 5;
    let found = records.get(&labels.join("."));
    let (flags, answers) = if found.is_some() { ([0x81, 0x80], 1) } else { ([0x81, 0x83], 0) };
    let mut answer = question[..2].to_vec();
    answer.extend(flags);
    answer.extend([0, 1, 0, answers, 0, 0, 0, 0]);
    answer.extend(&question[12..end]);
    if let Some(text) = found {
        let length = u8::try_from(text.len()).unwrap();
        answer.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, length + 1, length]);
        answer.extend(text.as_bytes());
    }
    answer
}

fn claim(domain: &str) -> serde_json::Value {
    json!({ "domain": domain, "type": "self_managed_certs" })
}

#[tokio::test]
async fn a_domain_answers_once_the_dns_proves_it() {
    let names = Names::start().await;
    let world = World::with(|config| config.custom_domains.nameservers = vec![names.address]).await;
    let made = world.post("/custom-domains", claim("Login.Acme.test")).await.with(201);
    let path = format!("/custom-domains/{}", made["custom_domain_id"].as_str().unwrap());
    assert_eq!(
        (&made["domain"], &made["status"]),
        (&json!("login.acme.test"), &json!("pending_verification"))
    );
    assert_eq!((&made["type"], &made["primary"]), (&json!("self_managed_certs"), &json!(false)));
    let method = &made["verification"]["methods"][0];
    assert_eq!(
        (&method["name"], &method["domain"]),
        (&json!("txt"), &json!("_jeton-challenge.login.acme.test"))
    );

    let verify_path = format!("{path}/verify");
    let verify = || world.post(&verify_path, json!({}));
    let issuer = || world.issuer_at("login.acme.test");
    let before = issuer().await;
    let pending = verify().await.with(200);
    assert_eq!(
        (&pending["status"], &pending["verification"]["status"]),
        (&json!("pending_verification"), &json!("failed"))
    );
    names.say("_jeton-challenge.login.acme.test", "jeton-domain-verification=guessed");
    assert_eq!(verify().await.with(200)["status"], "pending_verification");
    // As anything unknown, the host is the default tenant's: it is nobody's domain yet.
    assert_eq!(issuer().await, before);

    names.say("_jeton-challenge.login.acme.test", method["record"].as_str().unwrap());
    let ready = verify().await.with(200);
    assert_eq!((&ready["status"], &ready["primary"]), (&json!("ready"), &json!(true)));
    assert!(issuer().await.contains("//login.acme.test"));
    assert_eq!(verify().await.with(200)["status"], "ready");

    // Tokens that are asked for there are issued there; the management API keeps its one audience.
    let token = world.admin_token_at("login.acme.test").await;
    let call = |host: &'static str| {
        world.send(world.anonymous_at(host, Method::GET, "/clients").bearer_auth(&token))
    };
    call("login.acme.test").await.with(200);
    call("localhost").await.refused(401, "invalid_token");

    world.delete(&path).await.with(204);
    assert_eq!(issuer().await, before);
    call("login.acme.test").await.refused(401, "invalid_token");
    world.get(&path).await.refused(404, "inexistent_resource");
    world.stop().await;
}

#[tokio::test]
async fn a_domain_is_one_tenants_and_no_host_of_the_base_domain() {
    let world = World::with(|config| config.custom_domains.per_tenant_max = 2).await;
    let made = world.post("/tenants", json!({ "id": "other" })).await.with(201);
    let other = world.administrator(&made).await;
    let claim_there = |domain: &str| {
        let request = world.anonymous_at("other.localhost", Method::POST, "/custom-domains");
        world.send(request.bearer_auth(&other).json(&claim(domain)))
    };
    let (here, there) = tokio::join!(world.post("/custom-domains", claim("a.test")), claim_there("a.test"));
    let mut statuses = [here.status, there.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{here:?} {there:?}");
    world.post("/custom-domains", claim("A.test")).await.refused(409, "resource_conflict");
    claim_there("a.test").await.refused(409, "resource_conflict");

    for domain in
        ["localhost", "x.localhost", "other.localhost", "Default.LocalHost", "10.0.0.1", "a.b:80", "", "one"]
    {
        let message = world.post("/custom-domains", claim(domain)).await.refused(400, "invalid_body");
        assert!(message.contains("domain: "), "{domain}: {message}");
    }
    for (body, what) in [
        (json!({ "domain": "b.test" }), "Missing required property: type"),
        (json!({ "domain": "b.test", "type": "auth0_managed_certs" }), "type: expected self_managed_certs"),
        (
            json!({ "domain": "b.test", "type": "self_managed_certs", "tls_policy": "x" }),
            "tls_policy: expected",
        ),
        (
            json!({ "domain": "b.test", "type": "self_managed_certs", "primary": true }),
            "not allowed: primary",
        ),
        (
            json!({ "domain": "b.test", "type": "self_managed_certs", "domain_metadata": { "a": 1 } }),
            "domain_metadata",
        ),
    ] {
        let message = world.post("/custom-domains", body).await.refused(400, "invalid_body");
        assert!(message.contains(what), "{message}");
    }
    for number in 0..2 {
        world.post("/custom-domains", claim(&format!("n{number}.test"))).await;
    }
    let many = world.post("/custom-domains", claim("n9.test")).await.refused(400, "invalid_body");
    assert!(many.contains("at most 2"), "{many}");

    // What is another tenant's is not there.
    let own = world.get("/custom-domains").await.all("custom_domain_id");
    let path = format!("/custom-domains/{}", own[0]);
    for method in [Method::GET, Method::DELETE] {
        let request = world.anonymous_at("other.localhost", method, &path).bearer_auth(&other);
        world.send(request).await.refused(404, "inexistent_resource");
    }
    let metadata = json!({ "domain_metadata": { "zone": "eu" } });
    assert_eq!(world.patch(&path, metadata).await.with(200)["domain_metadata"]["zone"], "eu");
    let taken = json!({ "domain_metadata": { "zone": null } });
    assert_eq!(world.patch(&path, taken).await.with(200)["domain_metadata"], json!({}));
    world.patch(&path, json!({ "domain": "c.test" })).await.refused(400, "invalid_body");
    world.stop().await;
}

#[tokio::test]
async fn the_operator_may_be_the_only_witness() {
    let world = World::with(|config| config.custom_domains.verification = Verification::Operator).await;
    let made = world.post("/tenants", json!({ "id": "other" })).await.with(201);
    let other = world.administrator(&made).await;
    let call = |method: Method, path: String, body: serde_json::Value| {
        let request = world.anonymous_at("other.localhost", method, &path).bearer_auth(&other).json(&body);
        world.send(request)
    };
    let claimed = call(Method::POST, "/custom-domains".to_owned(), claim("login.acme.test")).await.with(201);
    let id = claimed["custom_domain_id"].as_str().unwrap().to_owned();
    let own = call(Method::POST, format!("/custom-domains/{id}/verify"), json!({})).await;
    own.refused(403, "operation_not_supported");
    let vouch = format!("/tenants/other/custom-domains/{id}/verify");
    call(Method::POST, vouch.clone(), json!({})).await.refused(404, "not_found");
    assert_eq!(world.post(&vouch, json!({})).await.with(200)["status"], "ready");
    assert!(world.issuer_at("login.acme.test").await.contains("//login.acme.test"));
    assert_eq!(world.get("/tenants/other").await.with(200)["custom_domains"], json!(["login.acme.test"]));
    world
        .post("/tenants/other/custom-domains/cd_x/verify", json!({}))
        .await
        .refused(404, "inexistent_resource");
    world.stop().await;
}

#[tokio::test]
async fn a_name_server_that_is_silent_proves_nothing() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let world = World::with(|config| {
        config.custom_domains.nameservers = vec![address];
        config.custom_domains.timeout_ms = 100;
    })
    .await;
    let id = world.made("/custom-domains", claim("a.test"), "custom_domain_id").await;
    let answer = world.post(&format!("/custom-domains/{id}/verify"), json!({})).await.with(200);
    assert_eq!(answer["verification"]["error_msg"], "The DNS did not answer; try again.");
    world.stop().await;
}
