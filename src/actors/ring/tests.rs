//! Sharing, order, bounds, and what survives the death of a shard.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::actors::root::tests::tree;
use crate::clock::UnixMs;
use crate::store::double::Double;

struct World {
    store: Arc<Double>,
    ring: Ring,
    positions: Vec<Arc<dyn Position>>,
}

const SESSION: SessionId = SessionId([1; 12]);
const FAMILY: FamilyKey = FamilyKey([1; 10]);

async fn world(settings: Settings) -> World {
    let store = Double::new();
    let shared: SharedStore = store.clone();
    let (ring, positions) = Ring::new(&shared, &settings, Metrics::new());
    tree(positions.clone()).await;
    store.seed(SESSION, FAMILY);
    World { store, ring, positions }
}

fn asked(generation: u64) -> Presented {
    Presented {
        session: SESSION,
        family: FAMILY,
        generation,
        now: UnixMs(1_000),
        leeway_ms: 30_000,
        expires_at: None,
        rotating: true,
    }
}

/// What the callers that presented `asked` at the same time are told, in order.
async fn all(ring: &Ring, asked: &[Presented]) -> Vec<Result<Rotation, RingError>> {
    futures_util::future::join_all(asked.iter().map(|asked| ring.rotate(*asked))).await
}

#[tokio::test]
async fn identical_refreshes_share_one_verb() {
    let world = world(Settings::default()).await;
    world.store.delay_ms.store(20, Ordering::SeqCst);
    let answers = all(&world.ring, &[asked(1); 20]).await;
    assert!(matches!(answers[0], Ok(Rotation::Rotated { generation: 2 })));
    assert!(answers[1..].iter().all(|answer| matches!(answer, Ok(Rotation::Repeated { generation: 2 }))));
    assert_eq!(world.store.asked(), 1);
}

#[tokio::test]
async fn a_busy_session_is_served_in_order() {
    let world = world(Settings::default()).await;
    world.store.delay_ms.store(10, Ordering::SeqCst);
    let answers = all(&world.ring, &[asked(1), asked(2), asked(3), asked(2)]).await;
    let generations: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap()).collect();
    assert_eq!(*generations[0], Rotation::Rotated { generation: 2 });
    assert_eq!(*generations[1], Rotation::Rotated { generation: 3 });
    assert_eq!(*generations[3], Rotation::Repeated { generation: 3 }, "shares the verb of its twin");
    assert_eq!(*generations[2], Rotation::Rotated { generation: 4 });
    assert_eq!(world.store.asked(), 3);
}

#[tokio::test]
async fn in_strict_mode_the_second_use_is_judged_by_the_store() {
    let world = world(Settings::default()).await;
    world.store.delay_ms.store(10, Ordering::SeqCst);
    let strict = Presented { leeway_ms: 0, ..asked(1) };
    let answers = all(&world.ring, &[strict, strict]).await;
    assert!(matches!(answers[0], Ok(Rotation::Rotated { generation: 2 })));
    assert!(matches!(answers[1], Ok(Rotation::Reused)));
    assert_eq!(world.store.asked(), 2);
}

#[tokio::test]
async fn a_dead_family_is_refused_without_the_store_until_reconsidered() {
    let world = world(Settings::default()).await;
    let stranger = Presented { family: FamilyKey([9; 10]), ..asked(1) };
    for _ in 0..3 {
        assert!(matches!(world.ring.rotate(stranger).await, Ok(Rotation::Unknown)));
    }
    assert_eq!(world.store.asked(), 1);
    world.store.seed(SESSION, FamilyKey([9; 10]));
    world.ring.reconsider();
    assert!(matches!(world.ring.rotate(stranger).await, Ok(Rotation::Rotated { .. })));
    world.ring.forget(SESSION);
    assert!(matches!(world.ring.rotate(asked(1)).await, Ok(Rotation::Unknown)));
}

#[tokio::test]
async fn a_store_that_fails_says_nothing_about_the_family() {
    let world = world(Settings::default()).await;
    world.store.down.store(true, Ordering::SeqCst);
    assert!(matches!(world.ring.rotate(asked(1)).await, Err(RingError::Store(_))));
    world.store.down.store(false, Ordering::SeqCst);
    assert!(matches!(world.ring.rotate(asked(7)).await, Ok(Rotation::Recovered { generation: 8 })));
}

#[tokio::test]
async fn the_queue_of_a_session_and_the_shard_are_bounded() {
    let settings = Settings { session_queue: 2, in_flight: 5, shards: 1, ..Settings::default() };
    let world = world(settings).await;
    world.store.delay_ms.store(20, Ordering::SeqCst);
    let answers = all(&world.ring, &[asked(1); 8]).await;
    let busy = answers.iter().filter(|answer| matches!(answer, Err(RingError::Busy))).count();
    assert_eq!(busy, 5, "one verb, two behind it");
    assert!(matches!(world.ring.rotate(asked(2)).await, Ok(Rotation::Rotated { .. })), "permits came back");
}

#[tokio::test]
async fn a_store_that_panics_costs_one_answer_and_not_the_session() {
    let world = world(Settings::default()).await;
    world.store.panics.store(1, Ordering::SeqCst);
    assert!(matches!(world.ring.rotate(asked(1)).await, Err(RingError::Lost)));
    assert!(matches!(world.ring.rotate(asked(1)).await, Ok(Rotation::Rotated { generation: 2 })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_shards_heal_and_no_acknowledged_rotation_is_lost() {
    let world = world(Settings { shards: 2, ..Settings::default() }).await;
    world.store.delay_ms.store(1, Ordering::SeqCst);
    for user in 0..20 {
        world.store.seed(SessionId([user; 12]), FamilyKey([user; 10]));
    }
    let lost = Arc::new(AtomicUsize::new(0));
    let user = |user| tokio::spawn(refresh(world.ring.clone(), user, Arc::clone(&lost)));
    let users: Vec<_> = (0..20_u8).map(user).collect();
    // As long as there is somebody to hit, and they go on until somebody was: how fast they are is up to the machine.
    while !users.iter().all(tokio::task::JoinHandle::is_finished) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(world.positions.iter().all(|position| position.kill()));
    }
    for (user, refreshes) in (0..20_u8).zip(users) {
        let generation = refreshes.await.unwrap();
        let key = (SessionId([user; 12]), FamilyKey([user; 10]));
        assert_eq!(world.store.state().families[&key].generation, generation);
    }
    assert!(lost.load(Ordering::SeqCst) > 0, "no kill hit anything");
    let mut rotations = world.store.state().rotations.clone();
    let all = rotations.len();
    rotations.sort_unstable();
    rotations.dedup();
    assert_eq!(rotations.len(), all, "a generation was handed out twice");
}

/// Refreshes until generation 101 as a client would, and on until anybody lost an answer, but not for ever: a lost answer
/// is asked for again with the same token.
async fn refresh(ring: Ring, user: u8, lost: Arc<AtomicUsize>) -> u64 {
    let mut generation = 1;
    while generation < 101 || lost.load(Ordering::SeqCst) == 0 && generation < 20_001 {
        let presented = Presented {
            session: SessionId([user; 12]),
            family: FamilyKey([user; 10]),
            generation,
            ..asked(generation)
        };
        match ring.rotate(presented).await {
            Ok(Rotation::Rotated { generation: next } | Rotation::Repeated { generation: next }) => {
                assert_eq!(next, generation + 1);
                generation = next;
            }
            Err(RingError::Lost) => {
                lost.fetch_add(1, Ordering::SeqCst);
            }
            other => panic!("user {user} was told {other:?}"),
        }
    }
    generation
}
