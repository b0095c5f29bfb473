//! One load for many, absence, changes that race with loads, and the death of the loader.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::*;
use crate::actors::root::tests::tree;
use crate::protocol::ids::RoleId;
use crate::store::Memberships as _;
use crate::store::double::Double;

struct World {
    store: Arc<Double>,
    memberships: Memberships,
    position: Arc<dyn Position>,
}

async fn world() -> World {
    let store = Double::new();
    let shared: SharedStore = store.clone();
    let (memberships, position) = Memberships::new(&shared, &Settings::default(), Metrics::new());
    tree(vec![Arc::clone(&position)]).await;
    World { store, memberships, position }
}

fn ids() -> (TenantId, UserId, OrganizationId) {
    (TenantId::from("acme"), UserId::from("auth0|1"), OrganizationId::from("org_1"))
}

impl World {
    async fn join(&self, role: &str) {
        let (tenant, user, organization) = ids();
        let roles = vec![RoleId::from(role)];
        self.store.join(&Membership { tenant, user, organization, roles }).await.unwrap();
    }

    async fn role(&self) -> Option<String> {
        let (tenant, user, organization) = ids();
        let found = self.memberships.find(&tenant, &user, &organization).await.unwrap();
        found.map(|membership| membership.roles[0].to_string())
    }

    fn forget(&self) {
        let (tenant, user, organization) = ids();
        self.memberships.forget(&tenant, &user, &organization);
    }
}

#[tokio::test]
async fn many_who_ask_cost_one_load_and_then_none() {
    let world = world().await;
    world.join("a").await;
    world.store.delay_ms.store(20, Ordering::SeqCst);
    let calls = world.store.asked();
    let all = futures_util::future::join_all((0..50).map(|_| world.role())).await;
    assert!(all.iter().all(|role| role.as_deref() == Some("a")));
    assert_eq!(world.role().await.as_deref(), Some("a"));
    assert_eq!(world.store.asked() - calls, 1);
}

#[tokio::test]
async fn absence_is_remembered_until_the_feed_says_otherwise() {
    let world = world().await;
    assert_eq!(world.role().await, None);
    world.join("a").await;
    assert_eq!(world.role().await, None);
    world.forget();
    assert_eq!(world.role().await.as_deref(), Some("a"));
}

#[tokio::test]
async fn a_load_that_raced_with_a_change_is_not_remembered() {
    for everything in [false, true] {
        let world = Arc::new(world().await);
        world.join("old").await;
        world.store.delay_ms.store(30, Ordering::SeqCst);
        let early = tokio::spawn({
            let world = Arc::clone(&world);
            async move { world.role().await }
        });
        tokio::time::sleep(Duration::from_millis(10)).await;
        world.store.delay_ms.store(0, Ordering::SeqCst);
        world.join("new").await;
        if everything {
            world.memberships.forget_all();
        } else {
            world.forget();
        }
        assert_eq!(world.role().await.as_deref(), Some("new"), "does not wait for the old load");
        assert_eq!(early.await.unwrap().as_deref(), Some("old"), "the load was slow enough to be stale");
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(world.role().await.as_deref(), Some("new"));
    }
}

#[tokio::test]
async fn a_killed_loader_costs_nobody_an_answer() {
    let world = Arc::new(world().await);
    world.join("a").await;
    world.store.delay_ms.store(30, Ordering::SeqCst);
    let early = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.role().await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(world.position.kill());
    assert_eq!(world.role().await.as_deref(), Some("a"));
    assert_eq!(early.await.unwrap().as_deref(), Some("a"));
}

#[tokio::test]
async fn a_store_that_panics_or_fails_is_told_and_not_remembered() {
    let world = world().await;
    let (tenant, user, organization) = ids();
    world.store.panics.store(1, Ordering::SeqCst);
    assert!(world.memberships.find(&tenant, &user, &organization).await.is_err());
    world.store.down.store(true, Ordering::SeqCst);
    assert!(world.memberships.find(&tenant, &user, &organization).await.is_err());
    world.store.down.store(false, Ordering::SeqCst);
    assert_eq!(world.role().await, None);
}
