//! What does a membership cost when the cache has it, and when the loader must ask a store that answers at once?

use criterion::{Criterion, criterion_group, criterion_main};
use jeton::actors::Settings;
use jeton::protocol::ids::{OrganizationId, TenantId, UserId};

#[path = "../shard_call/instant.rs"]
mod instant;
#[path = "../shard_call/stage.rs"]
mod stage;

fn membership(criterion: &mut Criterion) {
    let Some((runtime, actors)) = stage::stage(Settings::default()) else { return };
    let tenant = TenantId::from("acme");
    let user = UserId::from("auth0|507f1f77bcf86cd799439020");
    let organization = OrganizationId::from("org_9ybsU1dN2dKfDkBi");
    let find = || actors.memberships.find(&tenant, &user, &organization);

    let mut group = criterion.benchmark_group("a membership");
    group.bench_function("hit", |bencher| bencher.to_async(&runtime).iter(find));
    group.bench_function("miss", |bencher| {
        bencher.to_async(&runtime).iter(|| {
            actors.memberships.forget(&tenant, &user, &organization);
            find()
        });
    });
    group.finish();
}

criterion_group!(benches, membership);
criterion_main!(benches);
