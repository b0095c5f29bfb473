//! What does one JWT of 500 bytes of claims cost to sign and encode, and to verify, per algorithm?

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ed25519_dalek::Signer as _;
use jeton::clock::{Entropy, UnixMs};
use jeton::model::signing_key::{Algorithm, KeyState};
use jeton::protocol::ids::TenantId;
use jeton::signing::keyset::{KeyError, KeySet, TokenType};
use jeton::signing::material;
use jeton::signing::sealing::{MasterKey, Sealer};

fn key_set() -> Result<KeySet, KeyError> {
    let sealer = Sealer::new(&MasterKey::new([7; 32]), 0, &[]);
    let (tenant, status) = (TenantId::from("acme"), KeyState::Active { since: UnixMs(0) });
    let made = Algorithm::ALL
        .map(|algorithm| material::generate(&tenant, algorithm, &Entropy::System, &sealer, status));
    KeySet::new(&made.into_iter().collect::<Result<Vec<_>, _>>()?, &sealer)
}

/// The whole road: `Signer::sign` and `KeySet::verify`. Run once more with `--no-default-features` to see
/// `EdDSA` through ed25519-dalek.
fn tokens(criterion: &mut Criterion) {
    let Ok(keys) = key_set() else { return };
    let claims = format!(r#"{{"sub":"{}"}}"#, "x".repeat(490));
    let mut group = criterion.benchmark_group("JWT, 500 bytes of claims");
    for algorithm in Algorithm::ALL {
        let Some(signer) = keys.signer(algorithm) else { continue };
        let sign = || signer.sign(TokenType::AccessToken, black_box(claims.as_bytes()));
        group.bench_function(format!("sign {}", algorithm.name()), |bencher| bencher.iter(sign));
        let token = sign().unwrap_or_default();
        group.bench_function(format!("verify {}", algorithm.name()), |bencher| {
            bencher.iter(|| keys.verify(black_box(&token)));
        });
    }
    group.finish();
}

/// The two Ed25519 implementations alone, over the bytes that such a token signs.
fn ed25519(criterion: &mut Criterion) {
    let message = [b'x'; 770];
    let dalek = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let mut group = criterion.benchmark_group("Ed25519 alone");
    group.bench_function("ed25519-dalek", |bencher| bencher.iter(|| dalek.sign(black_box(&message))));
    if let Ok(aws_lc) = aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&[9; 32]) {
        group.bench_function("aws-lc-rs", |bencher| bencher.iter(|| aws_lc.sign(black_box(&message))));
    }
    group.finish();
}

criterion_group!(benches, tokens, ed25519);
criterion_main!(benches);
