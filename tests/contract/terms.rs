//! Terms: documents in the order of their values, whatever else is written at the same moment.

use bytes::Bytes;
use jeton::clock::UnixMs;
use jeton::model::record::{Kind, Record as _};
use jeton::model::term::{Field, Term};
use jeton::model::user::User;
use jeton::protocol::ids::{RoleId, TenantId};
use jeton::store::SharedStore;
use jeton::store::records::{Cut, Expect, RecordKey, Span, Written};
use serde_json::json;

use crate::cluster::{connect, settings};
use crate::own_cluster::{OwnCluster, ask};
use crate::world::{World, tenant};

suite! {
    documents_come_in_the_order_of_their_values,
    pages_follow_one_another_both_ways,
    an_update_moves_a_term,
    a_document_has_a_place_for_each_of_its_terms,
    a_removed_document_is_found_no_more,
    a_refused_write_leaves_the_terms_that_stand,
    writers_at_once_leave_one_true_entry,
    tenants_and_fields_do_not_meet,
}

const START: u64 = 1_800_000_000_000;

fn user(world: &World, id: &str, name: &str, created_at: u64) -> User {
    let user = json!({ "tenant": world.tenant, "user_id": id, "connection": "people",
        "profile": { "name": name }, "created_at": created_at, "updated_at": created_at });
    serde_json::from_value(user).unwrap()
}

fn key(tenant: &TenantId, id: &str) -> RecordKey {
    RecordKey { tenant: tenant.clone(), kind: Kind::User, id: id.to_owned() }
}

async fn write(store: &SharedStore, user: &User, expect: Expect) -> Written {
    let document = Bytes::from(serde_json::to_vec(user).unwrap());
    store.write(&key(user.tenant(), user.user_id.as_str()), document, expect).await.unwrap()
}

async fn written(world: &World, user: &User) {
    let outcome = write(&world.store, user, Expect::Anything).await;
    assert!(matches!(outcome, Written::Written { .. }), "{outcome:?}");
}

fn cut(field: Field, span: Span) -> Cut {
    Cut { field, span, backwards: false, after: None }
}

/// The ids that a cut leads to, in pages of `take`.
async fn ids(world: &World, mut cut: Cut, take: usize) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        let page = world.store.page_by(&world.tenant, Kind::User, &cut, take).await.unwrap();
        assert!(page.items.len() <= take);
        found.extend(page.items.into_iter().map(|(entry, _)| entry.split_once('\0').unwrap().1.to_owned()));
        if page.next.is_none() {
            return found;
        }
        cut.after = page.next;
    }
}

async fn named(world: &World, name: &str) -> Vec<String> {
    ids(world, cut(Field::Name, Span::Is(name.to_owned())), 10).await
}

async fn documents_come_in_the_order_of_their_values(world: &World) {
    for (id, name, at) in [("u1", "Ann", 3), ("u2", "Jane Doe", 1), ("u3", "jane", 2), ("u4", "Zoë", 0)] {
        written(world, &user(world, id, name, START + at)).await;
    }
    let text = |text: &str| Some(text.to_owned());
    let at = |ms: u64| Some(Term::instant(UnixMs(START + ms)));
    for (field, span, found) in [
        (Field::Name, Span::All, &["u1", "u3", "u2", "u4"][..]),
        (Field::Name, Span::Is("jane doe".into()), &["u2"]),
        (Field::Name, Span::Is("jane".into()), &["u3"]),
        (Field::Name, Span::Begins("jane".into()), &["u3", "u2"]),
        (Field::Name, Span::Begins("zoë".into()), &["u4"]),
        (Field::Name, Span::Between(text("b"), text("jane")), &["u3"]),
        (Field::Name, Span::Is("jan".into()), &[]),
        (Field::CreatedAt, Span::All, &["u4", "u2", "u3", "u1"]),
        (Field::CreatedAt, Span::Between(at(1), at(2)), &["u2", "u3"]),
        (Field::CreatedAt, Span::Between(at(2), None), &["u3", "u1"]),
        (Field::Email, Span::Is(String::new()), &["u1", "u2", "u3", "u4"]),
        (Field::Blocked, Span::All, &[]),
    ] {
        assert_eq!(ids(world, cut(field, span.clone()), 10).await, found, "{field:?} {span:?}");
        let mut reversed = ids(world, Cut { backwards: true, ..cut(field, span.clone()) }, 10).await;
        reversed.reverse();
        assert_eq!(reversed, found, "backwards {field:?} {span:?}");
    }
}

async fn pages_follow_one_another_both_ways(world: &World) {
    let mut expected = Vec::new();
    for number in 0..23_u64 {
        let id = format!("u{number:02}");
        written(world, &user(world, &id, &format!("name {}", number / 5), START + number)).await;
        expected.push(id);
    }
    for take in [1, 4, 23, 100] {
        assert_eq!(ids(world, cut(Field::Name, Span::All), take).await, expected, "pages of {take}");
        let mut back = ids(world, Cut { backwards: true, ..cut(Field::Name, Span::All) }, take).await;
        back.reverse();
        assert_eq!(back, expected, "pages of {take}, backwards");
    }
}

async fn an_update_moves_a_term(world: &World) {
    written(world, &user(world, "u1", "Ann", START)).await;
    let blocked = User { blocked: true, ..user(world, "u1", "Bea", START) };
    assert_eq!(write(&world.store, &blocked, Expect::Version(1)).await, Written::Written { version: 2 });
    assert_eq!((named(world, "ann").await, named(world, "bea").await), (vec![], vec!["u1".to_owned()]));
    assert_eq!(ids(world, cut(Field::Blocked, Span::All), 9).await, ["u1"]);
    written(world, &user(world, "u1", "Cleo", START)).await;
    assert_eq!((named(world, "bea").await.len(), named(world, "cleo").await.len()), (0, 1));
    assert!(ids(world, cut(Field::Blocked, Span::All), 9).await.is_empty());
    assert_eq!(ids(world, cut(Field::CreatedAt, Span::All), 9).await, ["u1"]);
}

async fn a_document_has_a_place_for_each_of_its_terms(world: &World) {
    let roles = |roles: &[&str]| roles.iter().map(|role| RoleId::from(*role)).collect::<Vec<_>>();
    let holder = |given: &[&str]| User { roles: roles(given), ..user(world, "u1", "Ann", START) };
    let held = async |role: &str| ids(world, cut(Field::Role, Span::Is(role.to_owned())), 9).await.len();
    written(world, &holder(&["rol_a", "rol_b"])).await;
    assert_eq!((held("rol_a").await, held("rol_b").await), (1, 1));
    assert_eq!(ids(world, cut(Field::Role, Span::All), 1).await, ["u1", "u1"]);
    written(world, &holder(&["rol_b", "rol_c"])).await;
    assert_eq!((held("rol_a").await, held("rol_b").await, held("rol_c").await), (0, 1, 1));
}

async fn a_removed_document_is_found_no_more(world: &World) {
    written(world, &user(world, "u1", "Ann", START)).await;
    written(world, &user(world, "u2", "Ann", START)).await;
    assert!(world.store.remove(&key(&world.tenant, "u1")).await.unwrap());
    assert_eq!(named(world, "ann").await, ["u2"]);
    written(world, &user(world, "u1", "Bea", START)).await;
    assert_eq!((named(world, "ann").await.len(), named(world, "bea").await.len()), (1, 1));
}

async fn a_refused_write_leaves_the_terms_that_stand(world: &World) {
    written(world, &user(world, "u1", "Ann", START)).await;
    for expect in [Expect::Absent, Expect::Version(7)] {
        let refused = write(&world.store, &user(world, "u1", "Bea", START), expect).await;
        assert_eq!(refused, Written::Conflict { found: Some(1) });
    }
    let nobody = write(&world.store, &user(world, "u2", "Bea", START), Expect::Version(1)).await;
    assert_eq!(nobody, Written::Conflict { found: None });
    assert_eq!((named(world, "ann").await.len(), named(world, "bea").await.len()), (1, 0));
}

/// Each of many writers gives the document one of three names, again and again.
async fn writers_at_once_leave_one_true_entry(world: &World) {
    written(world, &user(world, "u1", "name 0", START)).await;
    let tasks: Vec<_> = (0..12_usize)
        .map(|task| {
            let (store, at) = (world.store.clone(), key(&world.tenant, "u1"));
            let names: Vec<_> =
                (0..3).map(|name| user(world, "u1", &format!("name {name}"), START)).collect();
            tokio::spawn(async move {
                for round in 0..8 {
                    let found = store.read(&at).await.unwrap().expect("it was written");
                    let expect = if round == 5 { Expect::Anything } else { Expect::Version(found.version) };
                    write(&store, &names[(task + round) % 3], expect).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let stands = world.store.read(&key(&world.tenant, "u1")).await.unwrap().expect("it was written");
    let stands: User = serde_json::from_slice(&stands.document).unwrap();
    for name in ["name 0", "name 1", "name 2"] {
        let found = named(world, name).await;
        assert_eq!(found.len(), usize::from(stands.shown_name() == name), "{name}: {found:?}");
    }
    assert_eq!(ids(world, cut(Field::CreatedAt, Span::All), 9).await, ["u1"]);
}

async fn tenants_and_fields_do_not_meet(world: &World) {
    written(world, &user(world, "u1", "Ann", START)).await;
    let all = cut(Field::Name, Span::All);
    for (tenant, kind) in [(&tenant(), Kind::User), (&world.tenant, Kind::Client)] {
        let page = world.store.page_by(tenant, kind, &all, 9).await.unwrap();
        assert!(page.items.is_empty() && page.next.is_none());
    }
    assert!(ids(world, cut(Field::Role, Span::All), 9).await.is_empty());
    assert!(ids(world, cut(Field::Email, Span::Is("ann".into())), 9).await.is_empty());
}

/// What a process leaves that dies after it listed and before it wrote, or after it wrote and before it tidied.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_entry_that_is_not_true_is_seen_through_and_tidied_away() {
    let own = OwnCluster::start("");
    let cluster = jeton::config::cluster::Cluster { nodes: own.nodes(), ..settings() };
    let world = World::new(connect(cluster).await, ());
    written(&world, &user(&world, "u1", "Ann", START)).await;
    let index = format!("{{Iu{}:{}}}n", world.tenant.as_str().len(), world.tenant);
    let on_the_primary = |lua: &str| {
        let script = format!("local key = '{index}' {lua}");
        let asked = |port: &u16| ask(*port, &["eval", &script, "1", &index]);
        own.primaries().iter().map(asked).find(|answer| answer.trim().parse::<i64>().is_ok())
    };
    let died = "redis.call('ZADD', key, 0, 'bea\\0u1') return redis.call('ZADD', key, 0, 'bea\\0u2')";
    assert_eq!(on_the_primary(died).as_deref().map(str::trim), Some("1"));
    assert!(named(&world, "bea").await.is_empty());
    assert_eq!(named(&world, "ann").await, ["u1"]);
    let left = on_the_primary("return redis.call('ZCARD', key)");
    assert_eq!(left.as_deref().map(str::trim), Some("1"), "both were tidied away");
}
