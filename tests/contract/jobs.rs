//! Jobs: the last that was kept is found, by tenant and name, until it expires.

use bytes::Bytes;

use crate::world::{World, in_ms, pass, tenant};

suite! {
    the_last_that_was_kept_is_found,
    tenants_and_names_do_not_meet,
    an_expired_job_is_gone_and_one_kept_for_longer_is_not,
}

async fn keep(world: &World, id: &str, document: &'static [u8], ms: u64) {
    let document = Bytes::from_static(document);
    world.store.keep_job(&world.tenant, id, document, in_ms(ms)).await.unwrap();
}

async fn found(world: &World, id: &str) -> Option<Bytes> {
    world.store.find_job(&world.tenant, id).await.unwrap()
}

async fn the_last_that_was_kept_is_found(world: &World) {
    assert_eq!(found(world, "job").await, None);
    keep(world, "job", b"one", 60_000).await;
    keep(world, "job", b"\0\xff other", 60_000).await;
    assert_eq!(found(world, "job").await.as_deref(), Some(b"\0\xff other".as_slice()));
    keep(world, "job", b"", 60_000).await;
    assert_eq!(found(world, "job").await.as_deref(), Some(b"".as_slice()));
}

async fn tenants_and_names_do_not_meet(world: &World) {
    keep(world, "job", b"here", 60_000).await;
    assert_eq!(found(world, "job/errors").await, None);
    assert_eq!(world.store.find_job(&tenant(), "job").await.unwrap(), None);
}

async fn an_expired_job_is_gone_and_one_kept_for_longer_is_not(world: &World) {
    keep(world, "brief", b"x", 300).await;
    keep(world, "long", b"x", 300).await;
    keep(world, "long", b"y", 60_000).await;
    pass(400).await;
    assert_eq!(found(world, "brief").await, None);
    assert_eq!(found(world, "long").await.as_deref(), Some(b"y".as_slice()));
}
