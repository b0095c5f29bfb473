//! Exports: what comes out goes in again, with and without secrets, and never more than was asked for.

use serde_json::{Value, json};

use super::*;
use crate::cli::import::{import, import_lines};
use crate::engine::records::world::World;
use crate::model::resource_server::ResourceServer;
use crate::store::records::Expect;

const DEMO: &str = include_str!("../../../config/demo/demo.json");

async fn exported(world: &World, secrets: bool) -> String {
    let wanted = Wanted { tenant: None, secrets };
    let mut out = Vec::new();
    let written = export(world.registrar.catalog(), &wanted, &mut out, &mut |_| {}).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(written, text.lines().count() as u64);
    text
}

async fn reimported(text: &str) -> (World, crate::cli::import::Report) {
    let world = World::empty();
    let (mut last, mut file) = (None, text.as_bytes());
    let mut progress = |done| last = Some(done);
    let report = import_lines(&mut file, text.len() as u64, &world.registrar, &mut progress).await.unwrap();
    assert_eq!(last.map(|done| (done.records, done.share)), Some((report.records(), Some(1.0))));
    (world, report)
}

#[tokio::test]
async fn what_comes_out_goes_in_and_comes_out_again_byte_for_byte() {
    let world = World::empty();
    assert_eq!(import(DEMO, &world.registrar, &mut |_| {}).await.unwrap().refused, []);
    let connection = json!({"tenants": [{"id": "demo",
        "connections": [{"name": "Second", "options": {"passwordPolicy": "good"}}],
        "users": [{"connection": "Second", "username": "md5", "blocked": true, "app_metadata": {"a": [1, null]},
            "custom_password_hash": {"algorithm": "md5", "salt": {"value": "s"},
                "hash": {"value": "900150983cd24fb0d6963f7d28e17f72", "encoding": "hex"}}}]}]});
    assert_eq!(import(&connection.to_string(), &world.registrar, &mut |_| {}).await.unwrap().refused, []);
    let first = exported(&world, true).await;
    for kind in [
        "tenant",
        "connection",
        "resource_server",
        "client",
        "role",
        "organization",
        "client_grant",
        "user",
        "member",
    ] {
        assert!(first.contains(&format!("{{\"{kind}\":{{")), "no {kind}: {first}");
    }
    assert!(first.contains("custom_password_hash") && first.contains("client_secret_hashes"));
    let (again, report) = reimported(&first).await;
    assert_eq!((&report.refused[..], report.created), (&[][..], first.lines().count() as u64));
    assert!(report.secrets.is_empty());
    assert_eq!(exported(&again, true).await, first);
    let published = again.store.published();
    import_lines(&mut first.as_bytes(), 0, &again.registrar, &mut |_| {}).await.unwrap();
    assert_eq!(again.store.published(), published, "what is there already is not written");
}

#[tokio::test]
async fn secrets_stay_unless_they_are_asked_for() {
    let world = World::empty();
    import(DEMO, &world.registrar, &mut |_| {}).await.unwrap();
    let text = exported(&world, false).await;
    for secret in ["hash", "$argon2", "keyed", "client_secret\"", "not_before"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let (again, report) = reimported(&text).await;
    assert_eq!(report.refused, []);
    assert!(!report.secrets.is_empty(), "clients get new secrets");
    assert_eq!(exported(&again, false).await, text);
}

#[tokio::test]
async fn a_permission_that_means_nothing_any_more_stands_in_nobodys_way() {
    let world = World::start().await;
    world
        .api(json!({"identifier": "https://a", "scopes": [{"value": "read:a"}, {"value": "write:a"}]}))
        .await;
    let held = json!([{"resource_server_identifier": "https://a", "permission_name": "read:a"},
        {"resource_server_identifier": "https://a", "permission_name": "write:a"}]);
    world.role(json!({"name": "r", "permissions": held})).await;
    world.user(json!({"email": "a@b.example", "permissions": held})).await;
    let catalog = world.registrar.catalog();
    let mut api = catalog.all::<ResourceServer>(&world.tenant.id).await.unwrap().remove(0);
    api.scopes.remove(1);
    catalog.save(&api, Expect::Anything).await.unwrap();
    let text = exported(&world, true).await;
    let (_, report) = reimported(&text).await;
    assert_eq!(report.refused, []);
    assert!(text.contains("read:a") && !text.contains("write:a"), "{text}");
}

#[tokio::test]
async fn one_tenant_is_exported_alone_and_an_unknown_one_not_at_all() {
    let world = World::empty();
    let two = json!({"tenants": [{"id": "acme", "users": [{"email": "a@b.example"}]}, {"id": "globex"}]});
    import(&two.to_string(), &world.registrar, &mut |_| {}).await.unwrap();
    let of = async |tenant: &str| {
        let (mut out, wanted) = (Vec::new(), Wanted { tenant: Some(TenantId::from(tenant)), secrets: true });
        let written = export(world.registrar.catalog(), &wanted, &mut out, &mut |_| {}).await;
        written.map(|_| String::from_utf8(out).unwrap())
    };
    let acme = of("acme").await.unwrap();
    assert!(acme.contains("a@b.example") && !acme.contains("globex"), "{acme}");
    assert!(matches!(of("nobody").await, Err(ExportError::NoTenant(Some(_)))));
    assert!(matches!(of("@system").await, Err(ExportError::NoTenant(Some(_)))));
}

#[tokio::test]
async fn a_bad_line_is_named_and_harms_no_other() {
    let lines = [
        json!({"user": {"email": "early@b.example"}}),
        json!({"role": {"name": "early"}}),
        json!({"tenant": {"id": "acme"}}),
        json!({"user": {"email": "a@b.example"}}),
        json!({"user": {"email": "nowhere"}}),
        json!({"surprise": {}}),
        json!({"user": {"email": "b@b.example", "emial": 1}}),
        json!({"organization": {"name": "good"}}),
        json!({"member": {"organization": "good", "user": "a@b.example"}}),
        json!({"member": {"organization": "good", "user": "nobody@b.example"}}),
        json!({"client": {"name": "C", "client_id": "c", "client_secret_hashes": [{"keyed": "x"}]}}),
        json!({"tenant": {"id": "Bad"}}),
        json!({"user": {"email": "late@b.example"}}),
    ];
    let mut text = lines.map(|line| line.to_string()).join("\n\n") + "\n\n";
    text += "not json\n{\"tenant\": {\"id\": \"globex\"}}";
    let world = World::empty();
    let report = import_lines(&mut text.as_bytes(), 0, &world.registrar, &mut |_| {}).await.unwrap();
    let refused: Vec<_> = report.refused.iter().map(|refused| refused.path.as_str()).collect();
    assert_eq!(
        refused,
        [
            "line 1",
            "line 9.email",
            "line 11",
            "line 13.emial",
            "line 19.user",
            "line 21.client_secret_hashes[0]",
            "line 23.id",
            "line 25",
        ]
    );
    assert_eq!(report.created, 5, "two tenants, a user, an organization and a membership");
    assert!(report.refused[0].expected.contains("2 records were left out"), "{:?}", report.refused[0]);
    let value: Value = serde_json::from_str(exported(&world, false).await.lines().next().unwrap()).unwrap();
    assert_eq!(value["tenant"]["id"], "acme");
}
