//! What does the ring add to a rotation, over a store that answers at once? Compare "ring" with "store".

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use jeton::actors::Settings;
use jeton::clock::UnixMs;
use jeton::model::family::Presented;
use jeton::protocol::ids::{FamilyKey, SessionId};

mod instant;
mod stage;

fn asked(session: u8) -> Presented {
    Presented {
        session: SessionId([session; 12]),
        family: FamilyKey([session; 10]),
        generation: 1,
        now: UnixMs(1_000),
        leeway_ms: 30_000,
        expires_at: None,
        rotating: true,
    }
}

fn shard_call(criterion: &mut Criterion) {
    let Some((runtime, actors)) = stage::stage(Settings::default()) else { return };
    let store = instant::Instant::shared();
    let mut group = criterion.benchmark_group("a rotation");
    group.bench_function("store", |bencher| bencher.to_async(&runtime).iter(|| store.rotate(asked(1))));
    group.bench_function("ring, alone", |bencher| {
        bencher.to_async(&runtime).iter(|| actors.ring.rotate(asked(1)));
    });
    group.throughput(Throughput::Elements(64));
    group.bench_function("ring, 64 sessions", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| join_all((0..64).map(|session| actors.ring.rotate(asked(session)))));
    });
    group.bench_function("ring, 64 times the same", |bencher| {
        bencher.to_async(&runtime).iter(|| join_all((0..64).map(|_| actors.ring.rotate(asked(1)))));
    });
    group.finish();
}

criterion_group!(benches, shard_call);
criterion_main!(benches);
