//! Hits, absence, single flight, and loads that race with a change.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::*;
use crate::store::double::Double;
use crate::store::records::Expect;

struct World {
    store: Arc<Double>,
    cached: Arc<Cached>,
    tenant: TenantId,
}

fn world() -> World {
    let store = Double::new();
    let cached = Arc::new(Cached::new(store.clone(), &Settings::default(), Metrics::new()));
    World { store, cached, tenant: TenantId::from("acme") }
}

fn organization(id: &str, name: &str, display_name: &str) -> Organization {
    serde_json::from_value(serde_json::json!({
        "tenant": "acme", "id": id, "name": name, "display_name": display_name
    }))
    .unwrap()
}

impl World {
    async fn save(&self, organization: &Organization) -> Change {
        self.cached.catalog().save(organization, Expect::Anything).await.unwrap();
        organization.change()
    }

    async fn shown(&self, id_or_name: &str) -> Option<String> {
        let found = self.cached.organization(&self.tenant, id_or_name).await.unwrap();
        found.map(|organization| organization.display_name.clone())
    }
}

#[tokio::test]
async fn only_what_a_change_can_have_touched_is_forgotten() {
    let world = world();
    world.save(&organization("org_1", "one", "One")).await;
    let other = TenantId::from("other");
    let connection = "people".into();
    for (change, (organization, connections)) in [
        (Change::Tenant { tenant: world.tenant.clone() }, (false, 0)),
        (Change::TenantEmptied { tenant: other.clone() }, (true, 2)),
        (Change::Connection { tenant: world.tenant.clone(), connection }, (false, 1)),
    ] {
        let looks = async || {
            let before = world.store.asked();
            world.shown("org_1").await;
            let organization = world.store.asked() - before;
            world.cached.connection(&world.tenant, "people").await.unwrap();
            world.cached.connection(&world.tenant, "others").await.unwrap();
            (organization > 0, world.store.asked() - before - organization)
        };
        looks().await;
        assert_eq!(looks().await, (false, 0));
        world.cached.apply(&change);
        assert_eq!(looks().await, (organization, connections), "{change:?}");
    }
}

#[tokio::test]
async fn a_second_look_asks_nobody_even_for_what_is_absent() {
    let world = world();
    world.save(&organization("org_1", "one", "One")).await;
    for name in ["org_1", "one", "ONE", "two"] {
        let first = world.shown(name).await;
        let calls = world.store.asked();
        assert_eq!(world.shown(name).await, first);
        assert_eq!(world.store.asked(), calls, "{name} was asked for again");
    }
    assert_eq!(world.shown("ONE").await.as_deref(), Some("One"));
}

#[tokio::test]
async fn an_id_is_never_taken_for_another_organizations_name() {
    let world = world();
    world.save(&organization("org_1", "one", "One")).await;
    world.save(&organization("org_2", "org_1", "Impostor")).await;
    assert_eq!(world.shown("org_1").await.as_deref(), Some("One"));
    let none = world.cached.organization_by_id(&world.tenant, &OrganizationId::from("one")).await.unwrap();
    assert!(none.is_none());
}

#[tokio::test]
async fn a_change_is_seen_by_id_and_by_name() {
    let world = world();
    world.save(&organization("org_1", "one", "One")).await;
    assert_eq!(world.shown("one").await.as_deref(), Some("One"));
    assert_eq!(world.shown("org_1").await.as_deref(), Some("One"));
    let change = world.save(&organization("org_1", "one", "Uno")).await;
    assert_eq!(world.shown("one").await.as_deref(), Some("One"), "the feed has not spoken yet");
    world.cached.apply(&change);
    assert_eq!(world.shown("one").await.as_deref(), Some("Uno"));
    assert_eq!(world.shown("org_1").await.as_deref(), Some("Uno"));
}

#[tokio::test]
async fn many_misses_are_one_load() {
    let world = world();
    world.save(&organization("org_1", "one", "One")).await;
    world.store.delay_ms.store(20, Ordering::SeqCst);
    let calls = world.store.asked();
    let ask = || world.shown("org_1");
    let all = futures_util::future::join_all((0..50).map(|_| ask())).await;
    assert!(all.iter().all(|shown| shown.as_deref() == Some("One")));
    assert_eq!(world.store.asked() - calls, 1);
}

#[tokio::test]
async fn a_load_that_raced_with_a_change_is_not_remembered() {
    for everything in [false, true] {
        let world = world();
        world.save(&organization("org_1", "one", "One")).await;
        world.store.delay_ms.store(30, Ordering::SeqCst);
        let (cached, tenant) = (world.cached.clone(), world.tenant.clone());
        let early = tokio::spawn(async move { cached.organization(&tenant, "org_1").await });
        tokio::time::sleep(Duration::from_millis(10)).await;
        world.store.delay_ms.store(0, Ordering::SeqCst);
        let change = world.save(&organization("org_1", "one", "Uno")).await;
        if everything {
            world.cached.drop_all();
        } else {
            world.cached.apply(&change);
        }
        let early = early.await.unwrap().unwrap().unwrap();
        assert_eq!(early.display_name, "One", "the load was slow enough to be stale");
        assert_eq!(world.shown("org_1").await.as_deref(), Some("Uno"));
    }
}

#[tokio::test]
async fn what_is_remembered_outlives_the_store_and_failures_are_not_remembered() {
    let world = world();
    world.save(&organization("org_1", "one", "One")).await;
    assert!(world.shown("org_1").await.is_some());
    world.store.down.store(true, Ordering::SeqCst);
    assert!(world.shown("org_1").await.is_some());
    assert!(world.cached.client(&world.tenant, "c").await.is_err());
    world.store.down.store(false, Ordering::SeqCst);
    assert!(world.cached.client(&world.tenant, "c").await.unwrap().is_none());
}

#[tokio::test]
async fn a_load_that_everybody_left_leaves_nothing_behind() {
    let world = world();
    world.save(&organization("org_1", "one", "One")).await;
    world.store.delay_ms.store(1_000, Ordering::SeqCst);
    let asked = tokio::time::timeout(Duration::from_millis(5), world.shown("org_1")).await;
    assert!(asked.is_err());
    assert!(world.cached.organizations.is_idle());
}

#[tokio::test]
async fn a_name_that_nothing_can_have_is_neither_looked_for_nor_remembered() {
    let world = world();
    let name = "a".repeat(NAME_MAX + 1);
    let calls = world.store.asked();
    assert!(world.cached.client(&world.tenant, &name).await.unwrap().is_none());
    assert!(world.cached.resource_server(&world.tenant, &name).await.unwrap().is_none());
    for name in [&name, &format!("org_{name}")] {
        assert!(world.cached.organization(&world.tenant, name).await.unwrap().is_none());
    }
    assert_eq!(world.store.asked(), calls);
    assert!(world.cached.clients.look(&Name::of(&world.tenant, &name)).is_none());
}

/// Real threads: four ask without a pause while one changes the thing and forgets it.
#[test]
fn nobody_is_given_what_was_forgotten_before_he_asked() {
    const CHANGES: u64 = 20_000;
    let shelf = Shelf::<u64>::new(&Settings::default());
    let tenant = TenantId::from("acme");
    let (stored, forgotten) = (AtomicU64::new(0), AtomicU64::new(0));
    let name = Name::of(&tenant, "client");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                let mut hits = 0_u64;
                while forgotten.load(Ordering::SeqCst) < CHANGES {
                    let at_least = forgotten.load(Ordering::SeqCst);
                    let hit = shelf.look(&name);
                    hits += u64::from(hit.is_some());
                    let load = async { Ok(Some(Arc::new(stored.load(Ordering::SeqCst)))) };
                    let entry = hit.unwrap_or_else(|| runtime.block_on(shelf.load(&name, load)).unwrap());
                    let found = *entry.unwrap();
                    assert!(found >= at_least, "{found} after {at_least} was forgotten");
                }
                assert!(hits > 0, "nothing was remembered");
            });
        }
        for change in 1..=CHANGES {
            stored.store(change, Ordering::SeqCst);
            shelf.forget(&name);
            forgotten.store(change, Ordering::SeqCst);
            if change % 8 == 0 {
                std::thread::yield_now();
            }
        }
    });
}
