//! What does one verb of the store take, from one caller, on either store?
//!
//! Needs a Redis Cluster: `tests/redis-cluster start DIR 7100`, then
//! `JETON_TEST_CLUSTER=127.0.0.1:7100 cargo bench --bench store_verbs`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on has failed")]

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use jeton::clock::{Clock, Entropy, UnixMs};
use jeton::config;
use jeton::model::family::{NewFamily, Presented, Rotation};
use jeton::model::record::Kind;
use jeton::model::session::{Amr, Session};
use jeton::protocol::ids::{FamilyKey, SessionId, TenantId, UserId};
use jeton::store::SharedStore;
use jeton::store::cluster::Cluster;
use jeton::store::embedded::Embedded;
use jeton::store::records::{Expect, RecordKey};
use jeton::store::spends::{Purpose, Spent, Thing};
use tokio::runtime::Runtime;

const FAMILY: FamilyKey = FamilyKey([7; 10]);

fn verbs(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir_in(".").unwrap();
    let section = config::embedded::Embedded { path: folder.path().join("store"), ..Default::default() };
    let embedded: SharedStore = Embedded::open(&section, Clock::System).unwrap();
    on(criterion, &runtime, "embedded", &embedded);
    let nodes =
        std::env::var("JETON_TEST_CLUSTER").expect("JETON_TEST_CLUSTER names the nodes of a Redis Cluster");
    let nodes = nodes.split(',').map(str::to_owned).collect();
    let section = config::cluster::Cluster { nodes, ..Default::default() };
    let cluster: SharedStore = runtime.block_on(Cluster::connect(&section, Clock::System)).unwrap();
    on(criterion, &runtime, "cluster", &cluster);
}

fn on(criterion: &mut Criterion, runtime: &Runtime, name: &str, store: &SharedStore) {
    let now = Clock::System.now();
    let session = SessionId(Entropy::System.bytes().unwrap());
    let tenant = TenantId::from(format!("bench-{session}"));
    runtime.block_on(open(store, &tenant, session, now));
    let key = RecordKey { tenant: tenant.clone(), kind: Kind::Client, id: "c".to_owned() };
    let document = Bytes::from_static(b"{\"a\":1}");
    runtime.block_on(store.write(&key, document.clone(), Expect::Anything)).unwrap();

    let mut group = criterion.benchmark_group(format!("{name} store, one caller"));
    group.sample_size(20);
    let generation = AtomicU64::new(1);
    group.bench_function("rotate", |bencher| {
        bencher.to_async(runtime).iter(|| rotate(store, session, &generation, now));
    });
    group.bench_function("find a session", |bencher| {
        bencher.to_async(runtime).iter(|| async { store.find(session, now).await.unwrap().unwrap() });
    });
    let spent = AtomicU64::new(0);
    group.bench_function("spend", |bencher| {
        bencher.to_async(runtime).iter(|| async {
            let name = spent.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            let expires_at = now.plus_secs(60);
            let thing =
                Thing { tenant: &tenant, purpose: Purpose::Code, name: &name, session: None, expires_at };
            assert_eq!(store.spend(thing, b"").await.unwrap(), Spent::First);
        });
    });
    group.bench_function("read a record", |bencher| {
        bencher.to_async(runtime).iter(|| async { store.read(&key).await.unwrap().unwrap() });
    });
    group.bench_function("write a record", |bencher| {
        bencher
            .to_async(runtime)
            .iter(|| async { store.write(&key, document.clone(), Expect::Anything).await.unwrap() });
    });
    group.finish();
}

async fn open(store: &SharedStore, tenant: &TenantId, id: SessionId, now: UnixMs) {
    let session = Session {
        id,
        tenant: tenant.clone(),
        user: UserId::from("auth0|1"),
        organization: None,
        authenticated_at: now,
        amr: Amr::PASSWORD,
        created_at: now,
        expires_at: Some(now.plus_secs(3600)),
        device: None,
        clients: Vec::new(),
    };
    let family = NewFamily {
        key: FAMILY,
        idle_expires_at: session.expires_at,
        expires_at: session.expires_at,
        session_until: session.expires_at,
        survives_logout: false,
        most: 200,
    };
    store.open(&session, Some(family)).await.unwrap();
}

async fn rotate(store: &SharedStore, session: SessionId, generation: &AtomicU64, now: UnixMs) {
    let asked = Presented {
        session,
        family: FAMILY,
        generation: generation.fetch_add(1, Ordering::Relaxed),
        now,
        leeway_ms: 30_000,
        expires_at: Some(now.plus_secs(3600)),
        rotating: true,
    };
    assert!(matches!(store.rotate(asked).await.unwrap(), Rotation::Rotated { .. }));
}

criterion_group!(benches, verbs);
criterion_main!(benches);
