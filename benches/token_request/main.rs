//! What does a whole token request cost in process, from parsed HTTP to the answer's bytes?

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

use std::sync::Mutex;

use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;

mod world;

use world::World;

fn token_request(criterion: &mut Criterion) {
    let world = World::start(Runtime::new().unwrap());
    let mut group = criterion.benchmark_group("POST /oauth/token");
    let form = World::client_credentials();
    group.bench_function("client_credentials, one EdDSA token", |bencher| {
        bencher.to_async(&world.runtime).iter(|| world.ask(&form));
    });
    for organization in [None, Some("acme")] {
        let login = world.runtime.block_on(world.ask(&World::login()));
        let token = Mutex::new(World::refresh_token(&login));
        let name = organization.map_or("refresh, two EdDSA tokens", |_| "refresh into an organization");
        group.bench_function(name, |bencher| {
            bencher.to_async(&world.runtime).iter(|| async {
                let form = World::refresh(&token.lock().unwrap(), organization);
                let body = world.ask(&form).await;
                *token.lock().unwrap() = World::refresh_token(&body);
            });
        });
    }
    let dead = format!("{}AAAA", World::refresh("rt_", None));
    group.bench_function("refresh with a forged token", |bencher| {
        bencher.to_async(&world.runtime).iter(|| async {
            use jeton::transport::Service as _;
            let public = jeton::routes::Public::new(std::sync::Arc::clone(&world.engine));
            public.call(world.arrival(&dead)).await
        });
    });
    group.finish();
}

criterion_group!(benches, token_request);
criterion_main!(benches);
