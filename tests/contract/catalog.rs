//! Typed documents: names that stay unique, versions, and word to the feed.

use std::collections::BTreeMap;

use jeton::model::change::Change;
use jeton::model::organization::Organization;
use jeton::protocol::ids::OrganizationId;
use jeton::store::catalog::{Catalog, Saved};
use jeton::store::change_feed::Tail;
use jeton::store::records::Expect;

use crate::world::World;

suite! {
    a_saved_document_is_found_by_id_and_name,
    a_name_belongs_to_one_document,
    a_renamed_document_gives_up_its_old_name,
    a_conflict_keeps_the_names_that_stand,
    a_removed_document_gives_up_its_name,
    a_document_that_many_save_at_once_owns_its_name,
    one_of_many_gets_the_name,
    of_many_names_each_has_one_owner,
    a_save_is_told_to_the_feed,
    all_of_a_kind_come_in_order,
}

fn organization(world: &World, id: &str, name: &str) -> Organization {
    Organization {
        tenant: world.tenant.clone(),
        id: OrganizationId::from(id),
        name: name.to_owned(),
        display_name: String::new(),
        branding: jeton::model::branding::Branding::default(),
        metadata: BTreeMap::new(),
        enabled_connections: Vec::new(),
    }
}

async fn named(world: &World, name: &str) -> Option<String> {
    let catalog = Catalog::new(world.store.clone());
    let found = catalog
        .find_named::<Organization>(&world.tenant, &Organization::name_identifier(name))
        .await
        .unwrap();
    found.map(|found| found.record.id.to_string())
}

async fn a_saved_document_is_found_by_id_and_name(world: &World) {
    let catalog = Catalog::new(world.store.clone());
    let acme = organization(world, "org_1", "acme");
    assert_eq!(catalog.save(&acme, Expect::Absent).await.unwrap(), Saved::Saved { version: 1 });
    let found = catalog.find::<Organization>(&world.tenant, "org_1").await.unwrap().expect("it was saved");
    assert_eq!((found.version, found.record), (1, acme));
    assert_eq!(named(world, "acme").await.as_deref(), Some("org_1"));
    assert_eq!(named(world, "nobody").await, None);
}

async fn a_name_belongs_to_one_document(world: &World) {
    let catalog = Catalog::new(world.store.clone());
    catalog.save(&organization(world, "org_1", "acme"), Expect::Absent).await.unwrap();
    let second = catalog.save(&organization(world, "org_2", "acme"), Expect::Absent).await.unwrap();
    assert_eq!(second, Saved::NameTaken(Organization::name_identifier("acme")));
    assert_eq!(catalog.find::<Organization>(&world.tenant, "org_2").await.unwrap(), None);
    assert_eq!(named(world, "acme").await.as_deref(), Some("org_1"));
}

async fn a_renamed_document_gives_up_its_old_name(world: &World) {
    let catalog = Catalog::new(world.store.clone());
    catalog.save(&organization(world, "org_1", "old"), Expect::Absent).await.unwrap();
    let renamed = catalog.save(&organization(world, "org_1", "new"), Expect::Version(1)).await.unwrap();
    assert_eq!(renamed, Saved::Saved { version: 2 });
    assert_eq!((named(world, "old").await, named(world, "new").await.as_deref()), (None, Some("org_1")));
    let heir = catalog.save(&organization(world, "org_2", "old"), Expect::Absent).await.unwrap();
    assert_eq!(heir, Saved::Saved { version: 1 });
}

async fn a_conflict_keeps_the_names_that_stand(world: &World) {
    let catalog = Catalog::new(world.store.clone());
    catalog.save(&organization(world, "org_1", "acme"), Expect::Absent).await.unwrap();
    let stale = catalog.save(&organization(world, "org_1", "other"), Expect::Version(7)).await.unwrap();
    assert_eq!(stale, Saved::Conflict);
    assert_eq!(named(world, "acme").await.as_deref(), Some("org_1"));
    let free = catalog.save(&organization(world, "org_2", "other"), Expect::Absent).await.unwrap();
    assert_eq!(free, Saved::Saved { version: 1 });
}

async fn a_removed_document_gives_up_its_name(world: &World) {
    let catalog = Catalog::new(world.store.clone());
    let acme = organization(world, "org_1", "acme");
    catalog.save(&acme, Expect::Absent).await.unwrap();
    assert_eq!(catalog.remove::<Organization>(&world.tenant, "org_1").await.unwrap(), Some(acme));
    assert_eq!(catalog.remove::<Organization>(&world.tenant, "org_1").await.unwrap(), None);
    let heir = catalog.save(&organization(world, "org_2", "acme"), Expect::Absent).await.unwrap();
    assert_eq!(heir, Saved::Saved { version: 1 });
}

/// Some rename it and some change something else, so that most conflict: what those claimed they give up, and not what
/// the one that was written has claimed as well.
async fn a_document_that_many_save_at_once_owns_its_name(world: &World) {
    let catalog = Catalog::new(world.store.clone());
    catalog.save(&organization(world, "org_1", "name-0"), Expect::Absent).await.unwrap();
    for round in 1..=60 {
        let tasks: Vec<_> = (0..16)
            .map(|task| {
                let (catalog, tenant) = (Catalog::new(world.store.clone()), world.tenant.clone());
                tokio::spawn(async move {
                    let mut found = catalog.find::<Organization>(&tenant, "org_1").await.unwrap().unwrap();
                    if task % 2 == 0 {
                        found.record.name = format!("name-{round}");
                    } else {
                        found.record.display_name = format!("{round} {task}");
                    }
                    catalog.save(&found.record, Expect::Version(found.version)).await.unwrap()
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let found = catalog.find::<Organization>(&world.tenant, "org_1").await.unwrap().unwrap();
        let name = found.record.name;
        assert_eq!(named(world, &name).await.as_deref(), Some("org_1"), "{name} in round {round}");
    }
}

async fn one_of_many_gets_the_name(world: &World) {
    let tasks: Vec<_> = (0..32)
        .map(|task| {
            let catalog = Catalog::new(world.store.clone());
            let wanted = organization(world, &format!("org_{task}"), "acme");
            tokio::spawn(async move { catalog.save(&wanted, Expect::Absent).await.unwrap() })
        })
        .collect();
    let mut saved = 0;
    for task in tasks {
        saved += usize::from(matches!(task.await.unwrap(), Saved::Saved { .. }));
    }
    assert_eq!(saved, 1);
    let catalog = Catalog::new(world.store.clone());
    let all = catalog.all::<Organization>(&world.tenant).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(named(world, "acme").await, Some(all[0].id.to_string()));
}

/// Two want each of many names, all at once; whatever the store puts together, each hears its own outcome.
async fn of_many_names_each_has_one_owner(world: &World) {
    const NAMES: usize = 100;
    let tasks: Vec<_> = (0..2 * NAMES)
        .map(|task| {
            let (catalog, name) = (Catalog::new(world.store.clone()), format!("name-{}", task % NAMES));
            let wanted = organization(world, &format!("org_{task:03}"), &name);
            tokio::spawn(
                async move { (wanted.id.to_string(), name, catalog.save(&wanted, Expect::Absent).await) },
            )
        })
        .collect();
    let mut owners = BTreeMap::new();
    for task in tasks {
        let (id, name, saved) = task.await.unwrap();
        match saved.unwrap() {
            Saved::Saved { version } => {
                assert_eq!((version, owners.insert(name.clone(), id)), (1, None), "{name} has two owners");
            }
            Saved::NameTaken(taken) => assert_eq!(taken, Organization::name_identifier(&name)),
            Saved::Conflict => panic!("{id} was written by somebody else"),
        }
    }
    assert_eq!(owners.len(), NAMES);
    for (name, owner) in &owners {
        assert_eq!(named(world, name).await.as_ref(), Some(owner), "{name}");
    }
    let all = Catalog::new(world.store.clone()).all::<Organization>(&world.tenant).await.unwrap();
    let listed: Vec<_> = all.iter().map(|organization| organization.id.to_string()).collect();
    let mut expected: Vec<_> = owners.into_values().collect();
    expected.sort();
    assert_eq!(listed, expected);
}

async fn a_save_is_told_to_the_feed(world: &World) {
    let head = world.store.head().await.unwrap();
    let acme = organization(world, "org_1", "acme");
    Catalog::new(world.store.clone()).save(&acme, Expect::Absent).await.unwrap();
    let expected = Change::Organization {
        tenant: world.tenant.clone(),
        organization: acme.id.clone(),
        name: "acme".to_owned(),
    };
    let mut after = head;
    loop {
        let Tail::Entries(entries) = world.store.follow(after, 5_000, 100).await.unwrap() else {
            panic!("the feed lost its place");
        };
        after = entries.last().expect("the save was told").0;
        if entries.iter().any(|(_, change)| *change == expected) {
            break;
        }
    }
}

async fn all_of_a_kind_come_in_order(world: &World) {
    let catalog = Catalog::new(world.store.clone());
    let mut expected = Vec::new();
    for number in 0..30 {
        let id = format!("org_{number:02}");
        catalog.save(&organization(world, &id, &format!("name-{number}")), Expect::Absent).await.unwrap();
        expected.push(id);
    }
    let all = catalog.all::<Organization>(&world.tenant).await.unwrap();
    let ids: Vec<_> = all.iter().map(|organization| organization.id.to_string()).collect();
    assert_eq!(ids, expected);
    let (first, next) = catalog.page::<Organization>(&world.tenant, None, 10).await.unwrap();
    assert_eq!((first.len(), next.is_some()), (10, true));
}
