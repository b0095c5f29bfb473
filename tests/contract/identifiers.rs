//! Unique names: one holder, for a while or for good.

use jeton::store::identifiers::Claim;

use crate::world::{World, pass, tenant};

suite! {
    a_claimed_name_is_held,
    a_claim_that_nobody_confirms_expires,
    a_confirmed_name_stays,
    a_released_name_is_free,
    one_of_many_has_the_name,
    tenants_do_not_meet,
}

const HOLD_MS: u64 = 30_000;

async fn a_claimed_name_is_held(world: &World) {
    let (store, tenant) = (&world.store, &world.tenant);
    assert_eq!(store.resolve(tenant, "email:a@b").await.unwrap(), None);
    assert_eq!(store.claim(tenant, "email:a@b", "one", HOLD_MS).await.unwrap(), Claim::Held);
    assert_eq!(store.claim(tenant, "email:a@b", "one", HOLD_MS).await.unwrap(), Claim::Held);
    let taken = Claim::Taken { by: "one".to_owned() };
    assert_eq!(store.claim(tenant, "email:a@b", "two", HOLD_MS).await.unwrap(), taken);
    assert_eq!(store.resolve(tenant, "email:a@b").await.unwrap(), Some("one".to_owned()));
    assert!(!store.confirm(tenant, "email:a@b", "two").await.unwrap());
    assert!(!store.release(tenant, "email:a@b", "two").await.unwrap());
    assert_eq!(store.resolve(tenant, "email:a@b").await.unwrap(), Some("one".to_owned()));
}

async fn a_claim_that_nobody_confirms_expires(world: &World) {
    let (store, tenant) = (&world.store, &world.tenant);
    store.claim(tenant, "n", "one", 300).await.unwrap();
    pass(400).await;
    assert_eq!(store.resolve(tenant, "n").await.unwrap(), None);
    assert!(!store.confirm(tenant, "n", "one").await.unwrap());
    assert!(!store.release(tenant, "n", "one").await.unwrap());
    assert_eq!(store.claim(tenant, "n", "two", HOLD_MS).await.unwrap(), Claim::Held);
    assert_eq!(store.resolve(tenant, "n").await.unwrap(), Some("two".to_owned()));
}

async fn a_confirmed_name_stays(world: &World) {
    let (store, tenant) = (&world.store, &world.tenant);
    assert!(!store.confirm(tenant, "n", "one").await.unwrap());
    store.claim(tenant, "n", "one", 300).await.unwrap();
    assert!(store.confirm(tenant, "n", "one").await.unwrap());
    assert!(store.confirm(tenant, "n", "one").await.unwrap());
    // Claimed again, as every save of its document does: it must not become temporary by that.
    assert_eq!(store.claim(tenant, "n", "one", 300).await.unwrap(), Claim::Held);
    pass(400).await;
    assert_eq!(store.resolve(tenant, "n").await.unwrap(), Some("one".to_owned()));
    let taken = Claim::Taken { by: "one".to_owned() };
    assert_eq!(store.claim(tenant, "n", "two", HOLD_MS).await.unwrap(), taken);
}

async fn a_released_name_is_free(world: &World) {
    let (store, tenant) = (&world.store, &world.tenant);
    for confirmed in [false, true] {
        store.claim(tenant, "n", "one", HOLD_MS).await.unwrap();
        if confirmed {
            store.confirm(tenant, "n", "one").await.unwrap();
        }
        assert!(store.release(tenant, "n", "one").await.unwrap());
        assert!(!store.release(tenant, "n", "one").await.unwrap());
        assert_eq!(store.resolve(tenant, "n").await.unwrap(), None);
    }
    assert_eq!(store.claim(tenant, "n", "two", HOLD_MS).await.unwrap(), Claim::Held);
}

async fn one_of_many_has_the_name(world: &World) {
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let (store, tenant) = (world.store.clone(), world.tenant.clone());
            tokio::spawn(async move {
                store.claim(&tenant, "n", &format!("owner-{task}"), HOLD_MS).await.unwrap()
            })
        })
        .collect();
    let (mut held, mut owners) = (0, Vec::new());
    for task in tasks {
        match task.await.unwrap() {
            Claim::Held => held += 1,
            Claim::Taken { by } => owners.push(by),
        }
    }
    let owner = world.store.resolve(&world.tenant, "n").await.unwrap().expect("somebody has it");
    assert_eq!((held, owners.len()), (1, 63));
    assert!(owners.iter().all(|by| *by == owner));
}

async fn tenants_do_not_meet(world: &World) {
    let elsewhere = tenant();
    for (tenant, owner) in [(&world.tenant, "one"), (&elsewhere, "two")] {
        assert_eq!(world.store.claim(tenant, "n", owner, HOLD_MS).await.unwrap(), Claim::Held);
    }
    world.store.release(&world.tenant, "n", "one").await.unwrap();
    assert_eq!(world.store.resolve(&elsewhere, "n").await.unwrap(), Some("two".to_owned()));
}
