//! What does it cost to seal and to open what a refresh token carries (250 bytes), and to refuse a forgery?

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jeton::protocol::ids::TenantId;
use jeton::signing::sealing::{MasterKey, Purpose, Sealer};

fn seal_open(criterion: &mut Criterion) {
    let sealer = Sealer::new(&MasterKey::new([7; 32]), 1, &[(0, MasterKey::new([8; 32]))]);
    let tenant = TenantId::from("acme");
    let plain = [0x5A_u8; 250];
    let seed = [3_u8; 24];
    let seal = || sealer.seal(Purpose::RefreshToken, &tenant, black_box(&seed), black_box(&plain));
    let token = seal().unwrap_or_default();
    let forged = format!("{}A", &token[..token.len() - 1]);

    let mut group = criterion.benchmark_group("sealing, 250 bytes");
    group.bench_function("seal", |bencher| bencher.iter(seal));
    group.bench_function("open", |bencher| {
        bencher.iter(|| sealer.open(Purpose::RefreshToken, &tenant, black_box(&token)));
    });
    group.bench_function("refuse", |bencher| {
        bencher.iter(|| sealer.open(Purpose::RefreshToken, &tenant, black_box(&forged)));
    });
    group.finish();
}

criterion_group!(benches, seal_open);
criterion_main!(benches);
