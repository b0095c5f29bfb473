//! Imports: the demo twice, one bad record among good ones, duplicates, many records.

use std::fmt::Write as _;
use std::time::Instant;

use serde_json::{Value, json};

use super::*;
use crate::engine::records::world::World;
use crate::model::client::{Client, SecretHash};
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::protocol::ids::TenantId;

const DEMO: &str = include_str!("../../../config/demo/demo.json");

async fn imported(world: &World, file: &Value) -> Report {
    import(&file.to_string(), &world.registrar, &mut |_| {}).await.unwrap()
}

fn refusals(report: &Report) -> Vec<&str> {
    report.refused.iter().map(|refused| refused.path.as_str()).collect()
}

#[tokio::test]
async fn the_demo_imports_cleanly_twice() {
    let world = World::empty();
    let mut last = 0;
    let first = import(DEMO, &world.registrar, &mut |done| last = done.records).await.unwrap();
    assert_eq!(first.refused, []);
    assert_eq!((first.records(), first.created), (last, last));
    assert!(first.secrets.is_empty(), "the demo brings its own secrets");
    let published = world.store.published();
    let again = import(DEMO, &world.registrar, &mut |_| {}).await.unwrap();
    assert_eq!((again.unchanged, again.records()), (first.created, first.created));
    assert_eq!(world.store.published(), published, "nothing was written");
}

#[tokio::test]
async fn the_demo_has_what_it_promises() {
    let world = World::empty();
    import(DEMO, &world.registrar, &mut |_| {}).await.unwrap();
    let catalog = world.registrar.catalog();
    let tenant = TenantId::from("demo");
    let users = catalog.all::<User>(&tenant).await.unwrap();
    assert_eq!(users.len(), 5);
    let mut organizations = Vec::new();
    for user in &users {
        let of_user = catalog.store().organizations_of(&tenant, &user.user_id, None, 10).await.unwrap();
        organizations.push(of_user.len());
    }
    organizations.sort_unstable();
    assert!(organizations[0] == 0 && organizations[4] > 1, "{organizations:?}");
    let clients = catalog.all::<Client>(&tenant).await.unwrap();
    let slow =
        clients.iter().flat_map(|client| &client.secrets).any(|kept| matches!(kept, SecretHash::Argon2(_)));
    assert!(!slow, "the demo's secrets carry 256 bits, so that it shows the fast path");
}

#[tokio::test]
async fn one_bad_record_harms_no_other() {
    let world = World::empty();
    let file = json!({"tenants": [
        {"id": "acme", "users": [
            {"email": "a@b.example"}, {"email": "nowhere"}, {"emial": "c@b.example"}, 5, {"email": "d@b.example"}],
         "roles": [{"name": "r", "permissions": [
            {"resource_server_identifier": "https://a", "permission_name": "read"}]}],
         "organizations": [
            {"name": "good", "members": [{"user": "a@b.example"}, {"user": "nobody@b.example"}, {"usr": "x"}]},
            {"name": "Bad", "members": [{"user": "a@b.example"}]}]},
        {"id": "Umbrella", "users": [{"email": "a@b.example"}]},
        {"id": "initech", "surprise": 1},
        {"id": "globex", "users": [{"email": "a@b.example"}]}]});
    let report = imported(&world, &file).await;
    assert_eq!(
        refusals(&report),
        [
            "tenants[0].roles[0].permissions[0]",
            "tenants[0].organizations[1].name",
            "tenants[0].users[1].email",
            "tenants[0].users[2].emial",
            "tenants[0].users[3]",
            "tenants[0].organizations[0].members[1].user",
            "tenants[0].organizations[0].members[2].usr",
            "tenants[0].organizations[1].members",
            "tenants[1].id",
            "tenants[2].surprise",
        ]
    );
    assert_eq!((report.created, report.refused_records), (7, 10));
    let tenants = world.registrar.catalog().all::<Tenant>(&TenantId::from("@system")).await.unwrap();
    assert_eq!(tenants.len(), 2);
}

#[tokio::test]
async fn what_stands_twice_in_a_list_is_refused_the_second_time() {
    let world = World::empty();
    let file = json!({"tenants": [{"id": "acme",
        "users": [{"email": "a@b.example"}, {"email": "A@b.example"}, {"user_id": "1", "username": "x"},
            {"user_id": "auth0|1", "username": "y"}],
        "clients": [{"client_id": "c", "name": "C"}, {"client_id": "c", "name": "D"}]}, {"id": "acme"}]});
    let report = imported(&world, &file).await;
    let expected = [
        "tenants[0].clients[1].client_id",
        "tenants[0].users[1].email",
        "tenants[0].users[3].user_id",
        "tenants[1].id",
    ];
    assert_eq!(refusals(&report), expected);
    assert_eq!(report.secrets.len(), 1);
}

#[tokio::test]
async fn a_file_that_does_not_read_imports_nothing() {
    let world = World::empty();
    for text in ["", "{", "[]", r#"{"tenant": []}"#, r#"{"tenants": [{"id": "a"}]} x"#] {
        assert!(import(text, &world.registrar, &mut |_| {}).await.is_err(), "{text}");
    }
    assert_eq!(world.store.published(), 0);
}

#[tokio::test]
async fn twice_the_users_take_about_twice_the_time() {
    let mut times = Vec::new();
    for count in [2_000, 8_000] {
        let mut users = String::new();
        for n in 0..count {
            let _written = write!(users, r#"{{"email":"u{n}@b.example"}},"#);
        }
        let text = format!(r#"{{"tenants":[{{"id":"acme","users":[{}]}}]}}"#, users.trim_end_matches(','));
        let world = World::empty();
        let started = Instant::now();
        let report = import(&text, &world.registrar, &mut |_| {}).await.unwrap();
        assert_eq!(report.created, count + 1);
        times.push(started.elapsed().as_secs_f64());
    }
    // Linear is 4, quadratic 16; a busy machine gets some slack.
    assert!(times[1] / times[0] < 10.0, "{times:?}");
}

#[tokio::test]
async fn the_command_tells_and_its_status_is_the_outcome() {
    let world = World::empty();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("import.json");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    std::fs::write(&file, DEMO).unwrap();
    assert_eq!(run(&file, &world.registrar, &mut out, (&mut err, false)).await, 0);
    std::fs::write(&file, r#"{"tenants":[{"id":"a","users":[{"email":"x"}],"clients":[{"name":"C"}]}]}"#)
        .unwrap();
    assert_eq!(run(&file, &world.registrar, &mut out, (&mut err, false)).await, 1);
    assert_eq!(
        run(&folder.path().join("none"), &world.registrar, &mut out, (&mut err, false)).await,
        EXIT_USAGE
    );
    let (out, err) = (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap());
    assert!(out.contains("created 2, updated 0, unchanged 0, refused 1\n"), "{out}");
    assert!(out.contains("(shown only now)"), "{out}");
    assert!(err.starts_with("tenants[0].users[0].email: expected a mail address\n"), "{err}");
}
