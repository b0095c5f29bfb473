//! Documents: versions that lose no update, pages in order of id, counts.

use bytes::Bytes;
use jeton::model::record::Kind;
use jeton::protocol::ids::TenantId;
use jeton::store::records::{Expect, Page, RecordKey, Stored, Written};

use crate::world::{UNASKED, World, tenant};

suite! {
    what_is_written_is_read,
    a_write_expects_what_it_says,
    a_removed_document_starts_again,
    one_of_many_writes_a_version,
    no_update_is_lost,
    pages_follow_one_another_in_byte_order,
    pages_may_begin_with_any_word,
    counts_follow_writes_and_removals,
    tenants_and_kinds_do_not_meet,
}

fn key(tenant: &TenantId, id: &str) -> RecordKey {
    RecordKey { tenant: tenant.clone(), kind: Kind::User, id: id.to_owned() }
}

fn document(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

async fn written(world: &World, id: &str, text: &str) {
    let outcome = world.store.write(&key(&world.tenant, id), document(text), Expect::Anything).await.unwrap();
    assert!(matches!(outcome, Written::Written { .. }), "{outcome:?}");
}

async fn what_is_written_is_read(world: &World) {
    let large = format!("\"{}\"", "ä".repeat(200_000));
    for (id, text) in [("a", "{}"), ("auth0|ü 1", "[1]"), ("https://api.example/?a=b&c", &large)] {
        let at = key(&world.tenant, id);
        assert_eq!(world.store.read(&at).await.unwrap(), None);
        let outcome = world.store.write(&at, document(text), Expect::Absent).await.unwrap();
        assert_eq!(outcome, Written::Written { version: 1 });
        let stored = Stored { version: 1, document: document(text) };
        assert_eq!(world.store.read(&at).await.unwrap(), Some(stored));
    }
}

async fn a_write_expects_what_it_says(world: &World) {
    let at = key(&world.tenant, "a");
    let write = |text: &str, expect| world.store.write(&at, document(text), expect);
    assert_eq!(write("0", Expect::Version(1)).await.unwrap(), Written::Conflict { found: None });
    assert_eq!(write("1", Expect::Absent).await.unwrap(), Written::Written { version: 1 });
    assert_eq!(write("x", Expect::Absent).await.unwrap(), Written::Conflict { found: Some(1) });
    assert_eq!(write("2", Expect::Version(1)).await.unwrap(), Written::Written { version: 2 });
    assert_eq!(write("x", Expect::Version(1)).await.unwrap(), Written::Conflict { found: Some(2) });
    assert_eq!(write("3", Expect::Anything).await.unwrap(), Written::Written { version: 3 });
    let stored = world.store.read(&at).await.unwrap();
    assert_eq!(stored, Some(Stored { version: 3, document: document("3") }));
}

async fn a_removed_document_starts_again(world: &World) {
    let at = key(&world.tenant, "a");
    assert!(!world.store.remove(&at).await.unwrap());
    written(world, "a", "1").await;
    written(world, "a", "2").await;
    assert!(world.store.remove(&at).await.unwrap());
    assert!(!world.store.remove(&at).await.unwrap());
    assert_eq!(world.store.read(&at).await.unwrap(), None);
    let again = world.store.write(&at, document("3"), Expect::Absent).await.unwrap();
    assert_eq!(again, Written::Written { version: 1 });
}

async fn one_of_many_writes_a_version(world: &World) {
    for version in 0..8_u64 {
        let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
        let tasks: Vec<_> = (0..32)
            .map(|task| {
                let (store, at) = (world.store.clone(), key(&world.tenant, "raced"));
                tokio::spawn(
                    async move { store.write(&at, document(&format!("{task}")), expect).await.unwrap() },
                )
            })
            .collect();
        let mut winners = 0;
        for task in tasks {
            match task.await.unwrap() {
                Written::Written { version: now } => {
                    assert_eq!(now, version + 1);
                    winners += 1;
                }
                Written::Conflict { found } => assert_eq!(found, Some(version + 1)),
            }
        }
        assert_eq!(winners, 1);
    }
    assert_eq!(world.store.count(&world.tenant, Kind::User).await.unwrap(), 1);
}

/// Many callers each add one to a number, again and again until their version is accepted.
async fn no_update_is_lost(world: &World) {
    written(world, "sum", "0").await;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (store, at) = (world.store.clone(), key(&world.tenant, "sum"));
            tokio::spawn(async move {
                loop {
                    let found = store.read(&at).await.unwrap().expect("it was written");
                    let sum: u64 = std::str::from_utf8(&found.document).unwrap().parse().unwrap();
                    let next = document(&(sum + 1).to_string());
                    let outcome = store.write(&at, next, Expect::Version(found.version)).await.unwrap();
                    if matches!(outcome, Written::Written { .. }) {
                        break;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let sum = world.store.read(&key(&world.tenant, "sum")).await.unwrap();
    assert_eq!(sum, Some(Stored { version: 17, document: document("16") }));
}

async fn pages_follow_one_another_in_byte_order(world: &World) {
    let mut ids: Vec<String> = (0..23).map(|number| format!("id-{number}")).collect();
    ids.extend(["ID-upper", "é", "a|b", "a"].map(str::to_owned));
    for id in &ids {
        written(world, id, &format!("{id:?}")).await;
    }
    ids.sort();
    for take in [1, 5, 9, 27, 100] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = world.store.page(&world.tenant, Kind::User, after.as_deref(), take).await.unwrap();
            assert!(page.items.len() <= take);
            for (id, stored) in &page.items {
                assert_eq!(stored.document, document(&format!("{id:?}")));
                seen.push(id.clone());
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, ids, "in pages of {take}");
    }
    let past = world.store.page(&world.tenant, Kind::User, Some("\u{10ffff}"), 10).await.unwrap();
    assert_eq!(past, Page::default());
}

async fn pages_may_begin_with_any_word(world: &World) {
    for word in UNASKED {
        let tenant = tenant();
        let ids = ["", "z1", "z2", "z3"].map(|end| format!("{word}{end}"));
        for id in &ids {
            world.store.write(&key(&tenant, id), document(id), Expect::Absent).await.unwrap();
        }
        // One more is asked for: three and four.
        for take in [2, 3] {
            let page = world.store.page(&tenant, Kind::User, None, take).await.unwrap();
            assert_eq!(page.next.as_ref(), Some(&ids[take - 1]));
            for (id, (found, stored)) in ids.iter().zip(page.items) {
                assert_eq!((id, stored.document), (&found, document(id)));
            }
        }
    }
}

async fn counts_follow_writes_and_removals(world: &World) {
    assert_eq!(world.store.count(&world.tenant, Kind::User).await.unwrap(), 0);
    for id in ["a", "b", "c", "a"] {
        written(world, id, "1").await;
    }
    assert_eq!(world.store.count(&world.tenant, Kind::User).await.unwrap(), 3);
    world.store.remove(&key(&world.tenant, "b")).await.unwrap();
    world.store.remove(&key(&world.tenant, "b")).await.unwrap();
    world.store.write(&key(&world.tenant, "d"), document("1"), Expect::Version(9)).await.unwrap();
    assert_eq!(world.store.count(&world.tenant, Kind::User).await.unwrap(), 2);
    assert_eq!(world.store.page(&world.tenant, Kind::User, None, 10).await.unwrap().items.len(), 2);
}

async fn tenants_and_kinds_do_not_meet(world: &World) {
    let elsewhere = tenant();
    written(world, "same", "1").await;
    let client = RecordKey { kind: Kind::Client, ..key(&world.tenant, "same") };
    for at in [key(&elsewhere, "same"), client.clone()] {
        assert_eq!(world.store.read(&at).await.unwrap(), None);
        assert_eq!(world.store.count(&at.tenant, at.kind).await.unwrap(), 0);
        assert!(!world.store.remove(&at).await.unwrap());
        assert_eq!(world.store.page(&at.tenant, at.kind, None, 9).await.unwrap(), Page::default());
    }
    world.store.write(&client, document("2"), Expect::Absent).await.unwrap();
    let first = world.store.read(&key(&world.tenant, "same")).await.unwrap();
    assert_eq!(first, Some(Stored { version: 1, document: document("1") }));
}
