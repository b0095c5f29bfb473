//! More connections or requests than allowed.

use std::time::{Duration, Instant};

use jeton::config::limits::Limits;

use crate::world::{Caller, World, assert_refused, get, header, post};

/// A caller whose request for `target` is in work.
async fn at_work(world: &World, target: &str) -> Caller {
    let mut caller = world.connect().await;
    caller.send(get(target)).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    caller
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let world = World::start(|limits| limits.connections_max = 2).await;
    let (mut first, mut second) = (world.connect().await, world.connect().await);
    for caller in [&mut first, &mut second] {
        caller.send(post("/echo", "in")).await;
        assert!(caller.answer().await.ends_with("in"));
    }
    let mut third = world.connect().await;
    third.send(get("/echo")).await;
    assert_refused(&third.answer().await, 503, "temporarily_unavailable");
    assert_eq!(world.refused("connections"), 1);
    drop(first);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut fourth = world.connect().await;
    fourth.send(post("/echo", "in")).await;
    assert!(fourth.answer().await.ends_with("in"));
}

#[tokio::test]
async fn one_request_too_many_is_told_so_and_may_try_again() {
    let world = World::start(|limits| (limits.in_flight_max, limits.in_flight_wait_ms) = (1, 0)).await;
    let (mut first, mut second) = (at_work(&world, "/sleep").await, world.connect().await);
    second.send(post("/echo", "me too")).await;
    assert_refused(&second.answer().await, 503, "temporarily_unavailable");
    assert!(first.answer().await.ends_with("slept"));
    second.send(post("/echo", "me too")).await;
    assert!(second.answer().await.ends_with("me too"));
    assert_eq!(world.refused("in_flight"), 1);
}

#[tokio::test]
async fn whoever_comes_a_little_too_soon_waits_for_their_turn_in_order() {
    let world = World::start(|limits| {
        (limits.in_flight_max, limits.in_flight_wait_ms, limits.in_flight_waiting_max) = (1, 1_000, 2);
    })
    .await;
    let mut callers = Vec::new();
    for nth in 0..3 {
        let mut caller = world.connect().await;
        caller.send(get("/sleep")).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        callers.push(tokio::spawn(async move {
            assert!(caller.answer().await.ends_with("slept"));
            (nth, tokio::time::Instant::now())
        }));
    }
    let mut last = tokio::time::Instant::now();
    for (nth, call) in callers.into_iter().enumerate() {
        let (who, at) = call.await.unwrap();
        assert_eq!(who, nth);
        assert!(at > last, "each after the one before");
        last = at;
    }
    assert_eq!(world.refused("in_flight"), 0);
}

#[tokio::test]
async fn only_so_many_wait_for_their_turn() {
    let world = World::start(|limits| {
        (limits.in_flight_max, limits.in_flight_wait_ms, limits.in_flight_waiting_max) = (1, 10_000, 2);
    })
    .await;
    let mut callers = Vec::new();
    for _ in 0..6 {
        callers.push(world.connect().await);
    }
    for caller in &mut callers {
        caller.send(get("/sleep")).await;
    }
    let (mut slept, mut refused) = (0, 0);
    for mut caller in callers {
        let answer = caller.answer().await;
        if answer.ends_with("slept") {
            slept += 1;
        } else {
            assert_refused(&answer, 503, "temporarily_unavailable");
            refused += 1;
        }
    }
    assert_eq!((slept, refused), (3, 3), "one in work, two waiting");
    assert_eq!(world.refused("in_flight"), 3);
}

#[tokio::test]
async fn bodies_that_do_not_come_hold_up_nobody_else() {
    let world = World::start(|limits| {
        (limits.in_flight_max, limits.in_flight_wait_ms, limits.body_read_timeout_ms) = (2, 0, 10_000);
    })
    .await;
    let mut slow = Vec::new();
    for length in [5, 5, 5, 8193, 8193] {
        let mut caller = world.connect().await;
        caller.send(format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\nx")).await;
        slow.push(caller);
    }
    tokio::time::sleep(Duration::from_millis(30)).await;
    let mut quick = world.connect().await;
    quick.send(post("/echo", "me")).await;
    assert!(quick.answer().await.ends_with("me"));
    // Of large ones, or of those that may become so, no more than may be in work.
    for large in [
        post("/echo", &"x".repeat(8193)),
        "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n".into(),
    ] {
        let mut caller = world.connect().await;
        caller.send(large).await;
        let answer = caller.answer().await;
        assert_refused(&answer, 503, "temporarily_unavailable");
        assert_eq!(header(&answer, "connection"), Some("close"));
    }
    assert_eq!(world.refused("in_flight"), 2);
    // One that is too long by itself has nothing to try again.
    assert_refused(
        &world.exchange("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 65537\r\n\r\n").await,
        413,
        "invalid_request",
    );
    slow.pop();
    tokio::time::sleep(Duration::from_millis(30)).await;
    quick.send(post("/echo", &"x".repeat(8193))).await;
    assert!(quick.answer().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn what_cannot_be_begun_is_not_read() {
    let world = World::start(|limits| (limits.in_flight_max, limits.in_flight_wait_ms) = (1, 300)).await;
    let mut second = world.connect().await;
    second.send(post("/echo", "once")).await;
    assert!(second.answer().await.ends_with("once"));
    let _first = at_work(&world, "/sleep").await;
    let asked = Instant::now();
    second.send("not HTTP\r\n\r\n").await;
    assert_refused(&second.rest().await, 400, "invalid_request");
    assert!(
        asked.elapsed() > Duration::from_millis(50),
        "after the first, not at once: {:?}",
        asked.elapsed()
    );
    // It is refused like any other when its turn does not come in time.
    let (_first, mut second) = (at_work(&world, "/hang").await, world.connect().await);
    let asked = Instant::now();
    second.send(post("/echo", "late")).await;
    // Gauges are told at each sweep.
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!((world.count("jeton_in_flight"), world.count("jeton_in_flight_waiting")), (1, 1));
    assert_refused(&second.answer().await, 503, "temporarily_unavailable");
    assert!((250..390).contains(&asked.elapsed().as_millis()), "{:?}", asked.elapsed());
    assert_eq!(world.refused("in_flight"), 1);
}

#[tokio::test]
async fn whoever_waits_for_a_turn_when_the_server_stops_is_answered() {
    let world = World::start(|limits| limits.in_flight_max = 1).await;
    let (mut known, mut new) = (world.connect().await, world.connect().await);
    known.send(post("/echo", "before")).await;
    assert!(known.answer().await.ends_with("before"));
    let mut first = at_work(&world, "/sleep").await;
    known.send(post("/echo", "known")).await;
    new.send(post("/echo", "new")).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    world.drain.start();
    assert!(first.rest().await.ends_with("slept"));
    assert!(known.rest().await.ends_with("known"));
    assert!(new.rest().await.ends_with("new"));
    assert_eq!(world.stopped().await.cut, 0);
}

#[tokio::test]
async fn nobody_keeps_a_turn_without_a_request() {
    let world = World::start(|limits| {
        (limits.in_flight_max, limits.header_read_timeout_ms, limits.body_read_timeout_ms) =
            (1, 10_000, 10_000);
    })
    .await;
    // Each waits for a turn, has it, and makes nothing of it: what may be either protocol, half a head, half a body, no HTTP
    // (and lingers), gone.
    for unused in [
        "P",
        "GET /ec",
        "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nx",
        "not HTTP\r\n\r\n",
        "",
    ] {
        let (_first, mut unusual, mut third) =
            (at_work(&world, "/sleep").await, world.connect().await, world.connect().await);
        if unused.is_empty() {
            unusual.send(post("/echo", "gone")).await;
            drop(unusual);
        } else {
            unusual.send(unused).await;
            std::mem::forget(unusual);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        third.send(post("/echo", "third")).await;
        assert!(third.answer().await.ends_with("third"), "{unused:?}");
    }
    assert_eq!(world.refused("in_flight"), 0);
}

#[tokio::test]
async fn many_callers_at_once_each_get_their_own_answer() {
    for in_flight_max in [0, 2] {
        let adjust = |limits: &mut Limits| {
            (limits.request_deadline_ms, limits.in_flight_wait_ms, limits.in_flight_max) =
                (5000, 5000, in_flight_max);
        };
        many_callers_at_once(World::start(adjust).await).await;
    }
}

async fn many_callers_at_once(world: World) {
    let mut calls = Vec::new();
    for number in 0..100 {
        let mut caller = world.connect().await;
        calls.push(tokio::spawn(async move {
            for turn in 0..20 {
                let said = format!("caller {number} turn {turn}");
                caller.send(post("/echo", &said)).await;
                assert!(caller.answer().await.ends_with(&said));
            }
        }));
    }
    for call in calls {
        call.await.unwrap();
    }
}
