//! Counters: every one counts, the limit holds among many, and what is counted ends by itself.

use jeton::clock::UnixMs;
use jeton::protocol::ids::TenantId;
use jeton::store::counters::{Counted, Draw, Drawn, Limit, MARKS_MAX, Purpose, Rate, Subject};

use crate::world::{World, in_ms, now, pass, tenant};

suite! {
    counting_stops_at_the_limit,
    many_at_once_count_no_further_than_the_limit,
    marks_purposes_names_and_tenants_do_not_meet,
    a_count_is_forgotten_when_nothing_is_added_to_it,
    what_reached_the_limit_is_kept_longer,
    one_is_taken_back,
    one_of_many_forgets_a_mark,
    everything_of_a_subject_is_forgotten,
    marks_make_room_for_newer_ones,
    a_bucket_empties_and_refills,
    many_at_once_draw_no_more_than_a_bucket_holds,
    what_was_drawn_goes_back,
}

const SLOW: Rate = Rate { most: 3, interval_ms: 600_000 };

fn subject<'a>(tenant: &'a TenantId, name: &'a [u8]) -> Subject<'a> {
    Subject { tenant, purpose: Purpose::Guesses, name }
}

fn limit(most: u32) -> Limit {
    Limit { most, forgotten_at: in_ms(60_000), released_at: in_ms(120_000) }
}

async fn count(world: &World, subject: Subject<'_>, mark: &str, limit: Limit) -> Counted {
    world.store.tally(subject, mark, now(), limit).await.unwrap()
}

async fn marks(world: &World, subject: Subject<'_>) -> Vec<(String, u32)> {
    let counts = world.store.counts(subject, now()).await.unwrap();
    let mut marks: Vec<_> = counts.into_iter().map(|count| (count.mark, count.count)).collect();
    marks.sort();
    marks
}

async fn draw(world: &World, subject: Subject<'_>, draw: Draw) -> Drawn {
    world.store.draw(subject, now(), SLOW, draw).await.unwrap()
}

async fn counting_stops_at_the_limit(world: &World) {
    let ann = subject(&world.tenant, b"ann");
    for nth in 1..=3 {
        assert_eq!(count(world, ann, "here", limit(3)).await, Counted::Now(nth));
    }
    assert_eq!(count(world, ann, "here", limit(3)).await, Counted::Over);
    assert_eq!(count(world, ann, "there", limit(3)).await, Counted::Now(1));
    assert_eq!(marks(world, ann).await, [("here".to_owned(), 3), ("there".to_owned(), 1)]);
}

async fn many_at_once_count_no_further_than_the_limit(world: &World) {
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (store, tenant) = (world.store.clone(), world.tenant.clone());
            tokio::spawn(
                async move { store.tally(subject(&tenant, b"ann"), "", now(), limit(10)).await.unwrap() },
            )
        })
        .collect();
    let mut counted = Vec::new();
    for task in tasks {
        if let Counted::Now(nth) = task.await.unwrap() {
            counted.push(nth);
        }
    }
    counted.sort_unstable();
    assert_eq!(counted, (1..=10).collect::<Vec<_>>(), "each number was given to one");
}

async fn marks_purposes_names_and_tenants_do_not_meet(world: &World) {
    let elsewhere = tenant();
    let subjects = [
        subject(&world.tenant, b"ann"),
        subject(&world.tenant, b"bob"),
        subject(&elsewhere, b"ann"),
        Subject { purpose: Purpose::Otp, ..subject(&world.tenant, b"ann") },
        subject(&world.tenant, b"}{\r\n\xff"),
    ];
    for subject in subjects {
        for mark in ["", "::1", "a b"] {
            assert_eq!(count(world, subject, mark, limit(9)).await, Counted::Now(1), "{subject:?} {mark}");
        }
    }
}

async fn a_count_is_forgotten_when_nothing_is_added_to_it(world: &World) {
    let ann = subject(&world.tenant, b"ann");
    let brief = || Limit { forgotten_at: in_ms(600), ..limit(9) };
    assert_eq!(count(world, ann, "", brief()).await, Counted::Now(1));
    pass(400).await;
    assert_eq!(count(world, ann, "", brief()).await, Counted::Now(2));
    pass(400).await;
    assert_eq!(count(world, ann, "", brief()).await, Counted::Now(3), "each one keeps it longer");
    pass(800).await;
    assert_eq!(marks(world, ann).await, []);
    assert_eq!(count(world, ann, "", brief()).await, Counted::Now(1));
}

async fn what_reached_the_limit_is_kept_longer(world: &World) {
    let ann = subject(&world.tenant, b"ann");
    let limit = Limit { most: 2, forgotten_at: in_ms(200), released_at: in_ms(60_000) };
    count(world, ann, "here", limit).await;
    count(world, ann, "here", limit).await;
    count(world, ann, "there", limit).await;
    pass(300).await;
    assert_eq!(marks(world, ann).await, [("here".to_owned(), 2)]);
    assert_eq!(count(world, ann, "here", limit).await, Counted::Over);
    let counts = world.store.counts(ann, now()).await.unwrap();
    assert_eq!(counts[0].expires_at, limit.released_at);
}

async fn one_is_taken_back(world: &World) {
    let ann = subject(&world.tenant, b"ann");
    world.store.uncount(ann, "", now()).await.unwrap();
    assert_eq!(marks(world, ann).await, [], "nothing was counted");
    count(world, ann, "", limit(2)).await;
    count(world, ann, "", limit(2)).await;
    world.store.uncount(ann, "", now()).await.unwrap();
    assert_eq!(count(world, ann, "", limit(2)).await, Counted::Now(2));
}

async fn one_of_many_forgets_a_mark(world: &World) {
    let ann = subject(&world.tenant, b"ann");
    count(world, ann, "a", limit(9)).await;
    count(world, ann, "b", limit(9)).await;
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let (store, tenant) = (world.store.clone(), world.tenant.clone());
            tokio::spawn(
                async move { store.forget(subject(&tenant, b"ann"), Some("a"), now()).await.unwrap() },
            )
        })
        .collect();
    let mut first = 0;
    for task in tasks {
        first += usize::from(task.await.unwrap());
    }
    assert_eq!(first, 1);
    assert_eq!(marks(world, ann).await, [("b".to_owned(), 1)]);
}

async fn everything_of_a_subject_is_forgotten(world: &World) {
    let ann = subject(&world.tenant, b"ann");
    assert!(!world.store.forget(ann, None, now()).await.unwrap());
    count(world, ann, "a", limit(1)).await;
    count(world, ann, "b", limit(1)).await;
    for _ in 0..3 {
        assert_eq!(draw(world, ann, Draw::One).await, Drawn::Had);
    }
    assert!(matches!(draw(world, ann, Draw::Look).await, Drawn::Empty { .. }));
    assert!(world.store.forget(ann, None, now()).await.unwrap());
    assert_eq!(count(world, ann, "a", limit(1)).await, Counted::Now(1));
    assert_eq!(draw(world, ann, Draw::Look).await, Drawn::Had);
}

async fn marks_make_room_for_newer_ones(world: &World) {
    let ann = subject(&world.tenant, b"ann");
    for nth in 0..=MARKS_MAX {
        let later = UnixMs(in_ms(60_000).0 + nth as u64);
        let limit = Limit { most: 9, forgotten_at: later, released_at: later };
        assert_eq!(count(world, ann, &nth.to_string(), limit).await, Counted::Now(1));
    }
    let marks = marks(world, ann).await;
    assert_eq!(marks.len(), MARKS_MAX);
    assert!(!marks.iter().any(|(mark, _)| mark == "0"), "the one that ends first made room");
}

async fn a_bucket_empties_and_refills(world: &World) {
    let rate = Rate { most: 2, interval_ms: 300 };
    let here = subject(&world.tenant, b"192.0.2.1");
    let draw = async |at| world.store.draw(here, at, rate, Draw::One).await.unwrap();
    let start = now();
    assert_eq!((draw(start).await, draw(start).await), (Drawn::Had, Drawn::Had));
    let until = UnixMs(start.0 + 300);
    assert_eq!(draw(start).await, Drawn::Empty { until });
    assert_eq!(world.store.draw(here, start, rate, Draw::Look).await.unwrap(), Drawn::Empty { until });
    pass(320).await;
    assert_eq!(draw(now()).await, Drawn::Had);
    assert!(matches!(draw(until).await, Drawn::Empty { .. }));
}

async fn many_at_once_draw_no_more_than_a_bucket_holds(world: &World) {
    let rate = Rate { most: 20, interval_ms: 600_000 };
    let at = now();
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (store, tenant) = (world.store.clone(), world.tenant.clone());
            tokio::spawn(
                async move { store.draw(subject(&tenant, b"x"), at, rate, Draw::One).await.unwrap() },
            )
        })
        .collect();
    let mut had = 0;
    for task in tasks {
        had += usize::from(task.await.unwrap() == Drawn::Had);
    }
    assert_eq!(had, 20);
}

async fn what_was_drawn_goes_back(world: &World) {
    let here = subject(&world.tenant, b"192.0.2.1");
    for _ in 0..20 {
        assert_eq!(draw(world, here, Draw::One).await, Drawn::Had);
        draw(world, here, Draw::Back).await;
    }
    draw(world, here, Draw::Back).await;
    for _ in 0..3 {
        assert_eq!(draw(world, here, Draw::One).await, Drawn::Had);
    }
    assert!(matches!(draw(world, here, Draw::One).await, Drawn::Empty { .. }), "no more than it holds");
}
