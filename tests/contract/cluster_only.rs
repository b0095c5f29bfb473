//! What only a Redis Cluster can do: lose a replica, a primary, the functions; and what it must cost.

use std::time::{Duration, Instant};

use bytes::Bytes;
use jeton::clock::Clock;
use jeton::config::cluster::Cluster as Settings;
use jeton::model::change::Change;
use jeton::model::family::{Presented, Rotation};
use jeton::model::record::Kind;
use jeton::model::session::{End, Session};
use jeton::protocol::ids::{OrganizationId, UserId};
use jeton::store::cluster::Cluster;
use jeton::store::records::{Expect, RecordKey, Written};
use jeton::store::{ChangeFeed as _, Families as _, Jobs as _, Memberships as _, Records as _, StoreError};

use crate::cluster::{connect, settings};
use crate::own_cluster::{OwnCluster, ask};
use crate::world::{World, in_ms, name, now, pass, presented};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rotation_is_one_command_and_a_family_few_bytes() {
    let own = OwnCluster::start("");
    let world = World::new(connect(at(&own)).await, ());
    let (session, family) = world.logged_in().await;
    let before = calls(&own);
    for generation in 1..=100 {
        world.store.rotate(presented(session.id, family, generation)).await.unwrap();
    }
    assert_eq!(calls(&own) - before, 100);

    let key = format!("{{{}}}s", session.id);
    let size = || own.primaries().into_iter().find_map(|port| size_of(port, &key)).unwrap();
    let one = size();
    for _ in 0..100 {
        world.store.start(session.id, crate::world::family(), now()).await.unwrap();
    }
    // What the allocator rounds up is in it.
    let each = (size() - one) / 100;
    assert!((29..=40).contains(&each), "a family takes {each} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_without_a_replica_is_counted_or_refused() {
    let own = OwnCluster::start("");
    let quick = Settings { wait_timeout_ms: 1500, ..at(&own) };
    let counting = connect(quick.clone()).await;
    let refusing = connect(Settings { refuse_unreplicated: true, ..quick }).await;
    let world = World::new(counting.clone(), ());
    world.logged_in().await;
    assert_eq!(counting.unreplicated(), 0);

    let primaries = own.primaries();
    for replica in own.ports.iter().filter(|port| !primaries.contains(port)) {
        own.signal(*replica, "STOP");
    }
    let (session, family) = world.logged_in().await;
    assert_eq!(counting.unreplicated(), 2, "one for the session and one for its user's list");
    let refused = refusing.revoke(session.id, family).await;
    assert!(matches!(refused, Err(StoreError::NotReplicated(_))), "{refused:?}");
    assert_eq!(refusing.unreplicated(), 1);
    // Rotations wait for nobody.
    let unknown = world.store.rotate(presented(session.id, family, 1)).await.unwrap();
    assert_eq!(unknown, Rotation::Unknown);
    for replica in own.ports.iter().filter(|port| !primaries.contains(port)) {
        own.signal(*replica, "CONT");
    }
}

/// Many at once cost few waits, and few calls for what is listed; each still waits for its replica.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn careful_writes_abreast_share_their_wait() {
    const WRITES: u64 = 400;
    let own = OwnCluster::start("");
    let store = connect(at(&own)).await;
    let world = World::new(store.clone(), ());
    let before = (calls(&own), called(&own, "wait"));
    let key = |number: u64| RecordKey {
        tenant: world.tenant.clone(),
        kind: Kind::Organization,
        id: format!("org_{number}"),
    };
    let writes = (0..WRITES).map(|number| {
        let (store, key) = (store.clone(), key(number));
        async move { store.write(&key, Bytes::from(format!("{number}")), Expect::Absent).await.unwrap() }
    });
    let written = futures_util::future::join_all(writes).await;
    assert_eq!(written, vec![Written::Written { version: 1 }; 400]);
    let (calls, waits) = (calls(&own) - before.0, called(&own, "wait") - before.1);
    // Each is listed, written and listed.
    assert!((3 * WRITES / 32..WRITES).contains(&calls), "{calls} calls");
    assert!((1..WRITES / 2).contains(&waits), "{waits} waits");
    assert_eq!(store.unreplicated(), 0);
    for number in [0, WRITES - 1] {
        let stored = store.read(&key(number)).await.unwrap().unwrap();
        assert_eq!(stored.document, Bytes::from(format!("{number}")));
    }
    assert_eq!(store.count(&world.tenant, Kind::Organization).await.unwrap(), WRITES);
}

/// So do changes, which all go to one slot, jobs, and the members of an organization.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_jobs_and_members_abreast_share_their_wait() {
    const EACH: u64 = 100;
    let own = OwnCluster::start("");
    let store = connect(Settings { careful_connections: 1, ..at(&own) }).await;
    let world = World::new(store.clone(), ());
    let before = called(&own, "wait");
    let tenant = &world.tenant;
    let change = Change::Role { tenant: tenant.clone() };
    let users: Vec<_> = (0..EACH).map(|number| UserId::from(format!("u{number}"))).collect();
    let organization = OrganizationId::from("o");
    let written = users.iter().map(async |user| {
        let (published, kept, left) = tokio::join!(
            store.publish(&change),
            store.keep_job(tenant, user.as_str(), Bytes::from_static(b"{}"), in_ms(60_000)),
            // What is taken off the organization's list; the user's own side goes by itself, as it has two keys.
            store.leave(tenant, user, &organization),
        );
        published.and(kept).and(left.map(|_was_none| ()))
    });
    for written in futures_util::future::join_all(written).await {
        written.unwrap();
    }
    let waits = called(&own, "wait") - before;
    assert!((EACH..2 * EACH).contains(&waits), "{waits} waits, one of each for a user who leaves");
}

/// Rotations that come at once go together, each for its own session; `together_max` says how many. On one thread, where "at
/// once" is what comes in one turn: another thread might send each as it comes.
#[tokio::test]
async fn rotations_abreast_go_in_few_calls() {
    const SESSIONS: u64 = 300;
    let own = OwnCluster::start("");
    let alone = connect(Settings { together_max: 1, ..at(&own) }).await;
    let together = connect(at(&own)).await;
    let world = World::new(together.clone(), ());
    let mut logins = Vec::new();
    for _ in 0..SESSIONS {
        logins.push(world.logged_in().await);
    }
    let mut called = Vec::new();
    for (generation, store) in [(1, &alone), (2, &together)] {
        let before = calls(&own);
        let rotations = logins.iter().enumerate().map(|(number, (session, family))| {
            let (store, session) = (store.clone(), session.id);
            // Every tenth has a family that nobody started.
            let family = if number % 10 == 0 { crate::world::family().key } else { *family };
            async move { store.rotate(presented(session, family, generation)).await.unwrap() }
        });
        let rotated = futures_util::future::join_all(rotations).await;
        for (number, rotation) in rotated.into_iter().enumerate() {
            let right = Rotation::Rotated { generation: generation + 1 };
            assert_eq!(rotation, if number % 10 == 0 { Rotation::Unknown } else { right }, "{number}");
        }
        called.push(calls(&own) - before);
    }
    assert_eq!(called[0], SESSIONS);
    assert!((SESSIONS / 32..SESSIONS / 4).contains(&called[1]), "{called:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lost_functions_are_loaded_again() {
    let own = OwnCluster::start("");
    let world = World::new(connect(at(&own)).await, ());
    let (session, family) = world.logged_in().await;
    for port in own.primaries() {
        ask(port, &["function", "flush"]);
    }
    let rotated = world.store.rotate(presented(session.id, family, 1)).await.unwrap();
    assert_eq!(rotated, Rotation::Rotated { generation: 2 });
    for port in own.primaries() {
        ask(port, &["function", "flush"]);
    }
    assert!(world.store.revoke(session.id, family).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rotations_go_on_after_a_primary_died() {
    rotations_go_on_after("KILL").await;
}

/// A machine without power closes no connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rotations_go_on_after_a_primary_fell_silent() {
    rotations_go_on_after("STOP").await;
}

/// Without `min-replicas-to-write`, because the new primary has no replica.
async fn rotations_go_on_after(signal: &str) {
    let own = OwnCluster::start("--min-replicas-to-write 0");
    let quick = Settings { command_timeout_ms: 500, wait_timeout_ms: 100, ..at(&own) };
    let store = connect(quick).await;
    let world = World::new(store.clone(), ());
    let mut families = Vec::new();
    for _ in 0..30 {
        families.push(world.logged_in().await);
    }
    let epoch = store.topology_epoch();
    own.signal(own.primaries()[0], signal);
    let died = Instant::now();
    for (session, family) in &families {
        let rotation = insistently(&store, presented(session.id, *family, 1), died).await;
        // A primary may have died between the write and the answer; the leeway covers that.
        assert!(
            matches!(rotation, Rotation::Rotated { generation: 2 } | Rotation::Repeated { generation: 2 }),
            "{rotation:?}"
        );
    }
    // Two seconds until the others call it dead, one or two for the vote and for us to hear of it; more on a busy
    // machine.
    assert!(died.elapsed() < Duration::from_mins(1), "{:?}", died.elapsed());
    assert!(store.topology_epoch() > epoch);
    // What clients hold but the new primary never heard of is believed, because the seal proves it.
    for (session, family) in &families {
        let rotation = insistently(&store, presented(session.id, *family, 7), died).await;
        assert_eq!(rotation, Rotation::Recovered { generation: 8 });
    }
    log_in_insistently(&world, died).await;
    // Many abreast, some of them over connections that have not heard of it yet.
    futures_util::future::join_all((0..30).map(|_| log_in_insistently(&world, died))).await;
}

/// The same command may be sent again: it is certain that the node that sent it elsewhere ran nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slot_that_moved_is_found() {
    let own = OwnCluster::start("");
    let store = connect(at(&own)).await;
    let world = World::new(store.clone(), ());
    let mut families = Vec::new();
    for _ in 0..30 {
        families.push(world.logged_in().await);
    }
    let before = own.primaries();
    let replica = own.ports.iter().find(|port| !before.contains(port)).unwrap();
    ask(*replica, &["cluster", "failover"]);
    let asked = Instant::now();
    while own.primaries() == before {
        assert!(asked.elapsed() < Duration::from_mins(1), "no failover");
        pass(20).await;
    }
    for (session, family) in &families {
        let rotation = insistently(&store, presented(session.id, *family, 1), asked).await;
        assert!(
            matches!(rotation, Rotation::Rotated { generation: 2 } | Rotation::Repeated { generation: 2 }),
            "{rotation:?}"
        );
        log_in_insistently(&world, asked).await;
    }
    futures_util::future::join_all((0..100).map(|_| log_in_insistently(&world, asked))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_user_may_have_many_sessions() {
    let world = World::new(connect(settings()).await, ());
    let user = UserId::from(name("auth0|"));
    let mut opened = Vec::new();
    for _ in 0..70 {
        let session = Session { user: user.clone(), ..world.session() };
        world.store.open(&session, None).await.unwrap();
        opened.push(session.id);
    }
    opened.sort_unstable();
    assert_eq!(world.store.of_user(&world.tenant, &user, now()).await.unwrap(), opened);
    for id in opened.drain(..35) {
        world.store.end(id, End::Everything).await.unwrap();
    }
    assert_eq!(world.store.of_user(&world.tenant, &user, now()).await.unwrap(), opened);
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_unavailable() {
    let nowhere = Settings { nodes: vec!["127.0.0.1:1".to_owned()], ..settings() };
    let refused = Cluster::connect(&nowhere, Clock::System).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let unnamed = Cluster::connect(&Settings::default(), Clock::System).await;
    assert!(matches!(unnamed, Err(StoreError::Unavailable(_))), "{unnamed:?}");
}

/// Settings that lead to a cluster.
pub(crate) fn at(own: &OwnCluster) -> Settings {
    Settings { nodes: own.nodes(), ..settings() }
}

/// Asks until there is an answer, for a minute at most.
pub(crate) async fn insistently(store: &Cluster, asked: Presented, since: Instant) -> Rotation {
    loop {
        match store.rotate(asked).await {
            Ok(rotation) => return rotation,
            Err(error) if since.elapsed() > Duration::from_mins(1) => panic!("still {error}"),
            Err(_) => pass(50).await,
        }
    }
}

/// Opens a session until that is acknowledged, for a minute at most; opening it again is safe.
async fn log_in_insistently(world: &World, since: Instant) {
    let (session, family) = (world.session(), crate::world::family());
    while let Err(error) = world.store.open(&session, Some(family)).await {
        assert!(since.elapsed() < Duration::from_mins(1), "still {error}");
        pass(50).await;
    }
}

/// How often `FCALL` was called on all nodes.
fn calls(own: &OwnCluster) -> u64 {
    called(own, "fcall")
}

/// How often a command was called on all nodes.
fn called(own: &OwnCluster, command: &str) -> u64 {
    let start = format!("cmdstat_{command}:calls=");
    let of = |port| {
        let stats = ask(port, &["info", "commandstats"]);
        let line = stats.lines().find_map(|line| line.strip_prefix(start.as_str()));
        line.and_then(|line| line.split(',').next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    own.ports.iter().map(|port| of(*port)).sum()
}

/// What `key` takes of memory, if `port` has it.
fn size_of(port: u16, key: &str) -> Option<u64> {
    ask(port, &["memory", "usage", key]).trim().parse().ok()
}
