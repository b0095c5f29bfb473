//! Rotation: the table of design §5 line by line, one winner among many, and equality with the model.

use jeton::clock::UnixMs;
use jeton::model::family::{Family, Presented, Rotation};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::world::{World, now, presented};

suite! {
    no_such_family_is_unknown,
    the_current_generation_rotates,
    the_previous_generation_repeats_within_the_leeway,
    the_previous_generation_after_the_leeway_is_reused,
    without_leeway_every_repeat_is_reused,
    an_older_generation_is_reused,
    a_later_generation_heals_the_store,
    without_rotation_the_generation_stays,
    one_of_many_rotates_and_the_others_repeat,
    any_sequence_is_what_the_model_says,
}

async fn no_such_family_is_unknown(world: &World) {
    let (session, _) = world.logged_in().await;
    let nobody = presented(session.id, crate::world::family().key, 1);
    assert_eq!(world.store.rotate(nobody).await.unwrap(), Rotation::Unknown);
    assert_eq!(world.store.families_of(session.id).await.unwrap().len(), 1);
}

async fn the_current_generation_rotates(world: &World) {
    let (session, key) = world.logged_in().await;
    for generation in 1..=5 {
        let rotated = world.store.rotate(presented(session.id, key, generation)).await.unwrap();
        assert_eq!(rotated, Rotation::Rotated { generation: generation + 1 });
    }
}

async fn the_previous_generation_repeats_within_the_leeway(world: &World) {
    let (session, key) = world.logged_in().await;
    let first = presented(session.id, key, 1);
    assert_eq!(world.store.rotate(first).await.unwrap(), Rotation::Rotated { generation: 2 });
    for late_ms in [0, 1, 29_999, 30_000] {
        let again = Presented { now: UnixMs(first.now.0 + late_ms), ..first };
        assert_eq!(
            world.store.rotate(again).await.unwrap(),
            Rotation::Repeated { generation: 2 },
            "{late_ms}"
        );
    }
    let next = presented(session.id, key, 2);
    assert_eq!(world.store.rotate(next).await.unwrap(), Rotation::Rotated { generation: 3 });
}

async fn the_previous_generation_after_the_leeway_is_reused(world: &World) {
    let (session, key) = world.logged_in().await;
    let first = presented(session.id, key, 1);
    world.store.rotate(first).await.unwrap();
    let late = Presented { now: UnixMs(first.now.0 + 30_001), ..first };
    assert_eq!(world.store.rotate(late).await.unwrap(), Rotation::Reused);
    let current = presented(session.id, key, 2);
    assert_eq!(world.store.rotate(current).await.unwrap(), Rotation::Unknown);
    assert!(world.store.families_of(session.id).await.unwrap().is_empty());
    assert!(world.store.find(session.id, now()).await.unwrap().is_some(), "the session stays");
}

async fn without_leeway_every_repeat_is_reused(world: &World) {
    let (session, key) = world.logged_in().await;
    let strict = Presented { leeway_ms: 0, ..presented(session.id, key, 1) };
    assert_eq!(world.store.rotate(strict).await.unwrap(), Rotation::Rotated { generation: 2 });
    assert_eq!(world.store.rotate(strict).await.unwrap(), Rotation::Reused);
    assert_eq!(world.store.rotate(strict).await.unwrap(), Rotation::Unknown);
}

async fn an_older_generation_is_reused(world: &World) {
    let (session, key) = world.logged_in().await;
    for generation in 1..=2 {
        world.store.rotate(presented(session.id, key, generation)).await.unwrap();
    }
    assert_eq!(world.store.rotate(presented(session.id, key, 1)).await.unwrap(), Rotation::Reused);
    assert_eq!(world.store.rotate(presented(session.id, key, 3)).await.unwrap(), Rotation::Unknown);
}

async fn a_later_generation_heals_the_store(world: &World) {
    let (session, key) = world.logged_in().await;
    let ahead = presented(session.id, key, 7);
    assert_eq!(world.store.rotate(ahead).await.unwrap(), Rotation::Recovered { generation: 8 });
    assert_eq!(world.store.rotate(ahead).await.unwrap(), Rotation::Repeated { generation: 8 });
    let next = presented(session.id, key, 8);
    assert_eq!(world.store.rotate(next).await.unwrap(), Rotation::Rotated { generation: 9 });
}

async fn without_rotation_the_generation_stays(world: &World) {
    let (session, key) = world.logged_in().await;
    let check = Presented { rotating: false, leeway_ms: 0, ..presented(session.id, key, 1) };
    for _ in 0..3 {
        assert_eq!(world.store.rotate(check).await.unwrap(), Rotation::Rotated { generation: 1 });
    }
}

async fn one_of_many_rotates_and_the_others_repeat(world: &World) {
    let (session, key) = world.logged_in().await;
    for generation in 1..=8 {
        let asked = presented(session.id, key, generation);
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let store = world.store.clone();
                tokio::spawn(async move { store.rotate(asked).await.unwrap() })
            })
            .collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.unwrap());
        }
        let count = |wanted: Rotation| outcomes.iter().filter(|outcome| **outcome == wanted).count();
        assert_eq!(count(Rotation::Rotated { generation: generation + 1 }), 1);
        assert_eq!(count(Rotation::Repeated { generation: generation + 1 }), 63);
    }
}

/// Sequences are drawn by proptest and run without shrinking: a store cannot be wound back.
async fn any_sequence_is_what_the_model_says(world: &World) {
    let mut runner = TestRunner::deterministic();
    for _ in 0..48 {
        let steps = steps().new_tree(&mut runner).expect("steps are drawn").current();
        let (session, key) = world.logged_in().await;
        // The store's own first instant is not known; no step presents generation 0, so it does not matter.
        let mut model = Some(Family::first(now()));
        let mut at = now();
        for step in &steps {
            at = UnixMs(at.0 + step.later_ms);
            let asked = Presented {
                generation: model
                    .map_or(1, |family| family.generation)
                    .saturating_add_signed(step.offset)
                    .max(1),
                now: at,
                leeway_ms: step.leeway_ms,
                rotating: step.rotating,
                expires_at: Some(at.plus_secs(600)),
                ..presented(session.id, key, 1)
            };
            let (expected, remains) = model.map_or((Rotation::Unknown, None), |family| family.rotate(&asked));
            model = remains;
            let found = world.store.rotate(asked).await.unwrap();
            assert_eq!(found, expected, "{asked:?} within {steps:?}");
        }
    }
}

#[derive(Clone, Debug)]
struct Step {
    /// Presented relative to the generation that is current.
    offset: i64,
    later_ms: u64,
    leeway_ms: u64,
    rotating: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let offset = prop_oneof![12 => Just(0_i64), 5 => Just(-1), 1 => Just(-2), 2 => 1_i64..4];
    let step = (offset, 0_u64..2_000, prop_oneof![Just(0_u64), Just(1_000), Just(30_000)], any::<bool>());
    let step = step.prop_map(|(offset, later_ms, leeway_ms, rotating)| Step {
        offset,
        later_ms,
        leeway_ms,
        rotating,
    });
    proptest::collection::vec(step, 1..24)
}
