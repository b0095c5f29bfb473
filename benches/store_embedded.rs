//! How many rotations a second does the embedded store acknowledge, for one caller and for 64 at once, as it is and where
//! rotations wait for the disk too (`rotations_fsync_ms = 0`)?
//!
//! Each caller rotates a family of its own and waits for its answer. The directory is made where the benchmark runs (not in a
//! temporary file system, which has nothing to wait for).

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jeton::clock::{Clock, UnixMs};
use jeton::config;
use jeton::model::family::{NewFamily, Presented, Rotation};
use jeton::model::session::{Amr, Session};
use jeton::protocol::ids::{FamilyKey, SessionId, TenantId, UserId};
use jeton::store::embedded::Embedded;
use jeton::store::{Families as _, Sessions as _};
use tokio::runtime::Runtime;

/// One caller with its place in its own family.
#[derive(Clone, Copy)]
struct Caller {
    number: u8,
    generation: u64,
}

fn rotations(criterion: &mut Criterion) {
    let soon = config::embedded::Embedded::default().rotations_fsync_ms;
    group(criterion, "embedded store, rotations", soon);
    group(criterion, "embedded store, durable rotations", 0);
}

fn group(criterion: &mut Criterion, name: &str, rotations_fsync_ms: u64) {
    let Ok(directory) = tempfile::tempdir_in(".") else { return };
    let Ok(runtime) = Runtime::new() else { return };
    let section = config::embedded::Embedded {
        path: directory.path().join("store"),
        rotations_fsync_ms,
        // What a commit costs is the question, not how long it waits for company.
        commit_interval_us: 0,
        ..config::embedded::Embedded::default()
    };
    let _inside = runtime.enter();
    let Ok(store) = Embedded::open(&section, Clock::System) else { return };

    let mut group = criterion.benchmark_group(name);
    group.sample_size(20).measurement_time(Duration::from_secs(8)).throughput(Throughput::Elements(1));
    for callers in [1_u8, 64] {
        let mut standing: Vec<Caller> = (0..callers).map(|number| Caller { number, generation: 1 }).collect();
        runtime.block_on(open(&store, callers));
        group.bench_function(format!("{callers} callers"), |bencher| {
            bencher.iter_custom(|rotations| runtime.block_on(rotate(&store, &mut standing, rotations)));
        });
    }
    group.finish();
}

async fn open(store: &Embedded, callers: u8) {
    for number in 0..callers {
        let session = Session {
            id: session(number, callers),
            tenant: TenantId::from("acme"),
            user: UserId::from("auth0|1"),
            organization: None,
            authenticated_at: UnixMs(0),
            amr: Amr::PASSWORD,
            created_at: UnixMs(0),
            expires_at: None,
            device: None,
            clients: Vec::new(),
        };
        let family = NewFamily {
            key: FamilyKey([number; 10]),
            idle_expires_at: None,
            expires_at: None,
            session_until: None,
            survives_logout: false,
            most: 200,
        };
        assert!(store.open(&session, Some(family)).await.is_ok());
    }
}

/// How long `rotations` rotations take in all, shared evenly by the callers.
async fn rotate(store: &Arc<Embedded>, standing: &mut [Caller], rotations: u64) -> Duration {
    let callers = u64::try_from(standing.len()).unwrap_or(1);
    let group = u8::try_from(callers).unwrap_or(0);
    let started = Instant::now();
    let tasks: Vec<_> = (0..)
        .zip(standing.iter())
        .map(|(at, caller)| {
            let share = rotations / callers + u64::from(at < rotations % callers);
            tokio::spawn(rotate_alone(Arc::clone(store), *caller, group, share))
        })
        .collect();
    for (caller, task) in standing.iter_mut().zip(tasks) {
        caller.generation = task.await.unwrap_or_default();
    }
    started.elapsed()
}

async fn rotate_alone(store: Arc<Embedded>, caller: Caller, callers: u8, rotations: u64) -> u64 {
    let mut generation = caller.generation;
    for _ in 0..rotations {
        let asked = Presented {
            session: session(caller.number, callers),
            family: FamilyKey([caller.number; 10]),
            generation,
            now: UnixMs(1),
            leeway_ms: 0,
            expires_at: Some(UnixMs(u64::MAX)),
            rotating: true,
        };
        let rotation = store.rotate(asked).await;
        generation += 1;
        assert!(matches!(rotation, Ok(Rotation::Rotated { generation: now }) if now == generation));
    }
    generation
}

fn session(number: u8, callers: u8) -> SessionId {
    let mut id = [number; 12];
    id[0] = callers;
    SessionId(id)
}

criterion_group!(benches, rotations);
criterion_main!(benches);
