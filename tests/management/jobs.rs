//! Imports of users: what is taken, what becomes of each record, who may order how much, and logins afterwards.

use std::time::Duration;

use jeton::clock::UnixMs;
use jeton::model::credential::Credential;
use jeton::model::job::{Job, Progress, Summary};
use jeton::protocol::ids::{ConnectionId, TenantId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::world::World;

const BOUNDARY: &str = "a-boundary";

/// A form of these parts.
fn form(parts: &[(&str, &str)]) -> String {
    let mut form = String::new();
    for (name, value) in parts {
        let file = if *name == "users" { "; filename=\"users.json\"" } else { "" };
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        form.extend([head.as_str(), value, "\r\n"]);
    }
    form.extend(["--", BOUNDARY, "--\r\n"]);
    form
}

async fn send(world: &World, kind: &str, body: String) -> Answer {
    let request = world.request(Method::POST, "/jobs/users-imports").header("content-type", kind).body(body);
    world.send(request).await
}

async fn order(world: &World, parts: &[(&str, &str)]) -> Answer {
    send(world, &format!("multipart/form-data; boundary={BOUNDARY}"), form(parts)).await
}

async fn connection(world: &World) -> String {
    world.get("/connections").await.with(200)[0]["id"].as_str().unwrap().to_owned()
}

/// Orders an import that must be taken, and waits until it is done.
async fn imported(world: &World, users: &Value, upsert: bool) -> (String, Value) {
    let (connection, upsert) = (connection(world).await, upsert.to_string());
    let parts = [
        ("connection_id", &*connection),
        ("users", &*users.to_string()),
        ("upsert", &upsert),
        ("external_id", "mine"),
    ];
    let ordered = order(world, &parts).await.with(202);
    assert_eq!((&ordered["type"], &ordered["external_id"]), (&json!("users_import"), &json!("mine")));
    let id = ordered["id"].as_str().unwrap().to_owned();
    (id.clone(), done(world, &id).await)
}

async fn done(world: &World, id: &str) -> Value {
    for _ in 0..500 {
        let job = world.get(&format!("/jobs/{id}")).await.with(200);
        if !matches!(job["status"].as_str(), Some("pending" | "processing")) {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the job is not done after ten seconds");
}

async fn login(world: &World, username: &str, password: &str) -> Answer {
    let form =
        [("grant_type", "password"), ("client_id", "app"), ("username", username), ("password", password)];
    world.token(&form).await
}

#[tokio::test]
async fn each_record_has_its_own_fate() {
    let world = World::start().await;
    world.with_ann().await;
    let users = json!([
        { "email": "new@example.test", "user_id": "42", "name": "New", "app_metadata": { "plan": "x" } },
        { "email": "ann@example.test" },
        { "email": "nowhere", "password_hash": "$2b$10$4711" },
        { "email": "m@example.test", "mfa_factors": [{ "totp": { "secret": "4711" } }] },
        { "email": "w@example.test", "custom_password_hash": { "algorithm": "hmac",
            "hash": { "value": "4711", "encoding": "hex", "digest": "whirlpool", "key": { "value": "4711" } } } },
        5,
    ]);
    let (id, job) = imported(&world, &users, false).await;
    assert_eq!(job["status"], "completed");
    assert_eq!(job["percentage_done"], 100);
    assert_eq!(job["time_left_seconds"], 0);
    assert_eq!(job["summary"], json!({ "failed": 5, "updated": 0, "inserted": 1, "total": 6 }));
    let errors = world.get(&format!("/jobs/{id}/errors")).await;
    assert!(!errors.body.contains("4711"), "{errors:?}");
    let errors = errors.with(200);
    let told: Vec<_> =
        errors.as_array().unwrap().iter().map(|record| record["errors"][0]["path"].clone()).collect();
    assert_eq!(told, ["email", "email", "mfa_factors", "custom_password_hash.hash.digest", ""]);
    assert_eq!(errors[0]["user"], json!({ "email": "ann@example.test" }));
    assert_eq!(errors[0]["errors"][0]["code"], "DUPLICATED_USER");
    assert!(errors[3]["errors"][0]["message"].as_str().unwrap().contains("expected md4, md5"), "{errors}");
    assert_eq!(world.get("/users/auth0%7C42").await.with(200)["app_metadata"]["plan"], "x");

    let change = json!([{ "email": "ann@example.test", "name": "Anna" }, { "email": "new@example.test" }]);
    let (id, job) = imported(&world, &change, true).await;
    assert_eq!(job["summary"], json!({ "failed": 0, "updated": 2, "inserted": 0, "total": 2 }));
    assert_eq!(world.get(&format!("/jobs/{id}/errors")).await.with(200), json!([]));
    let ann = world.get("/users-by-email?email=ann@example.test").await;
    assert_eq!(ann.all("name"), ["Anna"]);
    world.stop().await;
}

#[tokio::test]
async fn whoever_comes_with_a_hash_logs_in_with_the_password_and_gets_a_better_hash() {
    let world = World::start().await;
    world.with_ann().await;
    let plain = |email: &str, more: Value| json!({ "email": email, "custom_password_hash": more });
    let users = json!([
        // "abc" and "password" in the words of RFC 1321, FIPS 180-4 and RFC 6070.
        plain(
            "md5@example.test",
            json!({ "algorithm": "md5",
            "hash": { "value": "900150983cd24fb0d6963f7d28e17f72", "encoding": "hex" } })
        ),
        plain(
            "sha@example.test",
            json!({ "algorithm": "sha256",
            "hash": { "value": "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "encoding": "base64" } })
        ),
        plain(
            "pbkdf2@example.test",
            json!({ "algorithm": "pbkdf2",
            "hash": { "value": "$pbkdf2-sha1$i=4096,l=20$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE", "encoding": "utf8" } })
        ),
    ]);
    let (_, job) = imported(&world, &users, false).await;
    assert_eq!(job["summary"]["inserted"], 3, "{job}");
    for (name, password) in [("md5", "abc"), ("sha", "abc"), ("pbkdf2", "password")] {
        let email = format!("{name}@example.test");
        assert_eq!(login(&world, &email, "wrong").await.status, 400);
        login(&world, &email, password).await.with(200);
        assert!(hash_of(&world, &email).await.starts_with("$argon2id$"), "{name}");
        login(&world, &email, password).await.with(200);
    }
    world.stop().await;
}

async fn hash_of(world: &World, email: &str) -> String {
    let id = world.get(&format!("/users-by-email?email={email}")).await.all("user_id").remove(0);
    let catalog = world.engine().cached().catalog();
    let found = catalog.find::<Credential>(&TenantId::from("default"), &id).await.unwrap();
    found.unwrap().record.hash
}

#[tokio::test]
async fn what_is_not_a_form_of_these_parts_is_refused() {
    let world = World::start().await;
    let id = connection(&world).await;
    for (parts, expected) in [
        (&[("users", "[]")][..], "connection_id"),
        (&[("connection_id", &*id)], "users"),
        (&[("users", "[]"), ("connection_id", &id), ("surprise", "1")], "surprise"),
        (&[("users", "[]"), ("users", "[]"), ("connection_id", &id)], "users was given twice"),
        (&[("users", "[]"), ("connection_id", &id), ("upsert", "maybe")], "upsert"),
        (&[("users", "[]"), ("connection_id", "con_nothing")], "connection_id"),
        (&[("users", "{}"), ("connection_id", &id)], "users: expected a JSON array"),
        (&[("users", "[{]"), ("connection_id", &id)], "users: expected a JSON array"),
        (&[("users", "[]"), ("connection_id", &id), ("external_id", &"x".repeat(257))], "external_id"),
    ] {
        let message = order(&world, parts).await.refused(400, "invalid_body");
        assert!(message.contains(expected), "{message}");
    }
    let form = form(&[("users", "[]"), ("connection_id", &id)]);
    for kind in ["application/json", "multipart/form-data", "multipart/mixed; boundary=a-boundary"] {
        send(&world, kind, form.clone()).await.refused(415, "unsupported_media_type");
    }
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    send(&world, &kind, form[..form.len() - 8].to_owned()).await.refused(400, "invalid_body");
    send(&world, &kind, "--other--".to_owned()).await.refused(400, "invalid_body");
    let latin = send_bytes(&world, &kind, form.replace("[]", "[\"?\"]").into_bytes()).await;
    assert!(latin.refused(400, "invalid_body").contains("UTF-8"));
    world.stop().await;
}

/// Sends bytes of which one is not UTF-8.
async fn send_bytes(world: &World, kind: &str, mut body: Vec<u8>) -> Answer {
    let at = body.iter().rposition(|byte| *byte == b'?').unwrap();
    body[at] = 0xff;
    let request = world.request(Method::POST, "/jobs/users-imports").header("content-type", kind);
    world.send(request.body(body)).await
}

#[tokio::test]
async fn a_file_is_as_large_as_it_may_be_and_only_here() {
    let world = World::start().await;
    let id = connection(&world).await;
    let users = |bytes: usize| format!("[{}]", " ".repeat(bytes - 2));
    let large = order(&world, &[("users", &users(500 * 1024)), ("connection_id", &id)]).await.with(202);
    assert_eq!(done(&world, large["id"].as_str().unwrap()).await["percentage_done"], 100);
    let over = order(&world, &[("users", &users(500 * 1024 + 1)), ("connection_id", &id)]).await;
    assert!(over.refused(413, "payload_too_large").contains("512000"));
    let far = order(&world, &[("users", &users(600 * 1024)), ("connection_id", &id)]).await;
    assert_eq!(far.status, 413, "{far:?}");
    let elsewhere = world.post("/roles", json!({ "name": "x".repeat(100 * 1024) })).await;
    assert_eq!(elsewhere.status, 413, "{elsewhere:?}");
    let stranger = world
        .anonymous(Method::POST, "/jobs/users-imports")
        .header("content-type", "multipart/form-data; boundary=x")
        .body("x".repeat(100 * 1024));
    assert_eq!(world.send(stranger).await.status, 413);
    world.stop().await;
}

#[tokio::test]
async fn two_imports_of_a_tenant_may_be_under_way_and_they_take_turns() {
    let world = World::start().await;
    let (id, tenant) = (connection(&world).await, TenantId::from("default"));
    let store = world.engine().store();
    store.claim(&tenant, "job:turn", "somebody else", 60_000).await.unwrap();
    let parts = [("users", r#"[{"email":"a@example.test"}]"#), ("connection_id", &*id)];
    let (one, two) = (order(&world, &parts).await.with(202), order(&world, &parts).await.with(202));
    let third = order(&world, &parts).await;
    assert!(third.refused(429, "too_many_import_jobs").contains("2 active"));
    assert_eq!(third.headers["retry-after"], "5");
    for job in [&one, &two] {
        let waiting = world.get(&format!("/jobs/{}", job["id"].as_str().unwrap())).await.with(200);
        assert_eq!((&waiting["status"], &waiting["percentage_done"]), (&json!("pending"), &json!(0)));
    }
    store.release(&tenant, "job:turn", "somebody else").await.unwrap();
    let mut inserted = 0;
    for job in [one, two] {
        inserted += done(&world, job["id"].as_str().unwrap()).await["summary"]["inserted"].as_u64().unwrap();
    }
    assert_eq!(inserted, 1, "the second finds what the first made");
    // A place is given up just after the end was told.
    for _ in 0..100 {
        if order(&world, &parts).await.status == 202 {
            return world.stop().await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no place became free");
}

#[tokio::test]
async fn a_job_is_known_to_its_tenant_for_a_day_and_fails_with_its_node() {
    let world = World::start().await;
    let (id, _) = imported(&world, &json!([]), false).await;
    for other in ["job_nothing", "nothing", &format!("{id}%2Ferrors")] {
        world.get(&format!("/jobs/{other}")).await.refused(404, "inexistent_resource");
        world.get(&format!("/jobs/{other}/errors")).await.refused(404, "inexistent_resource");
    }
    let orphan = |tenant: &str| Job {
        tenant: TenantId::from(tenant),
        id: "job_orphan".to_owned(),
        connection: ConnectionId::from("c"),
        connection_id: "con_c".to_owned(),
        upsert: false,
        external_id: None,
        send_completion_email: true,
        progress: Progress::Processing,
        total: 4,
        summary: Summary { failed: 0, updated: 0, inserted: 1 },
        created_at: world.clock.now(),
        begun_at: Some(world.clock.now()),
        alive_until: world.clock.now().plus_secs(30),
    };
    let far = UnixMs(u64::MAX);
    for (tenant, name) in [("default", "job_orphan"), ("other", "job_elsewhere")] {
        let document = serde_json::to_vec(&orphan(tenant)).unwrap().into();
        world.engine().store().keep_job(&TenantId::from(tenant), name, document, far).await.unwrap();
    }
    world.get("/jobs/job_elsewhere").await.refused(404, "inexistent_resource");
    assert_eq!(world.get("/jobs/job_orphan").await.with(200)["status"], "processing");
    world.clock.advance_ms(30_000);
    let failed = world.get("/jobs/job_orphan").await.with(200);
    assert_eq!((&failed["status"], &failed["percentage_done"]), (&json!("failed"), &json!(25)));
    // The administrator's token does not live for a day.
    world.clock.advance_ms(86_370_001);
    let token = world.admin_token(&[]).await.text("access_token");
    let asked = world.anonymous(Method::GET, &format!("/jobs/{id}")).bearer_auth(token);
    world.send(asked).await.refused(404, "inexistent_resource");
    world.stop().await;
}
