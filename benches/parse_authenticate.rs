//! What do reading the form and authenticating the client cost, before any grant runs?

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

use criterion::{Criterion, criterion_group, criterion_main};
use jeton::client_auth::authenticate;
use jeton::protocol::form::Form;
use jeton::transport::exchange::Exchange;
use tokio::runtime::Runtime;

#[path = "token_request/world.rs"]
mod world;

use world::World;

fn parse_authenticate(criterion: &mut Criterion) {
    let world = World::start(Runtime::new().unwrap());
    let form = World::client_credentials();
    // Warms the caches.
    world.runtime.block_on(world.ask(&form));
    let login = world.runtime.block_on(world.ask(&World::login()));
    let refresh = World::refresh(&World::refresh_token(&login), Some("acme"));
    world.runtime.block_on(world.ask(&refresh));
    let exchange = Exchange::admit(world.arrival(&form), world.engine.tenancy()).unwrap();
    let mut group = criterion.benchmark_group("before the grant");
    group.bench_function("parse the form", |bencher| bencher.iter(|| Form::urlencoded(form.as_bytes())));
    group.bench_function("admit: host to tenant", |bencher| {
        bencher.iter_batched(
            || world.arrival(&form),
            |arrival| Exchange::admit(arrival, world.engine.tenancy()),
            criterion::BatchSize::SmallInput,
        );
    });
    group.bench_function("parse and authenticate by secret", |bencher| {
        bencher.to_async(&world.runtime).iter(|| async {
            let form = exchange.form().unwrap();
            authenticate(&world.engine, &exchange, &form).await.unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, parse_authenticate);
criterion_main!(benches);
