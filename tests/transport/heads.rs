//! Request lines and headers: slow, large, malformed, pipelined, and the request id.

use std::time::{Duration, Instant};

use crate::world::{World, assert_refused, get, header, post};

#[tokio::test]
async fn a_head_that_never_ends_is_answered_408() {
    let world = World::start(|_| ()).await;
    let begun = Instant::now();
    let answer = world.exchange("POST /echo HTTP/1.1\r\nhost: a\r\nx-").await;
    assert_refused(&answer, 408, "invalid_request");
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(200) && took < Duration::from_secs(8), "{took:?}");
    assert_eq!(world.refused("header_too_slow"), 1);
}

#[tokio::test]
async fn a_head_that_drips_is_late_all_the_same() {
    let world = World::start(|_| ()).await;
    let mut caller = world.connect().await;
    caller.send("GET /echo HTTP/1.1\r\nhost: a\r\n").await;
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(40)).await;
        caller.send("x: y\r\n").await;
    }
    assert_refused(&caller.rest().await, 408, "invalid_request");
}

#[tokio::test]
async fn a_second_head_is_timed_like_the_first() {
    let world = World::start(|_| ()).await;
    let mut caller = world.connect().await;
    caller.send(post("/echo", "one")).await;
    assert!(caller.answer().await.ends_with("one"));
    tokio::time::sleep(Duration::from_millis(500)).await;
    caller.send("GET /echo").await;
    assert_refused(&caller.rest().await, 408, "invalid_request");
}

#[tokio::test]
async fn a_silent_connection_is_closed_without_a_word() {
    let world = World::start(|_| ()).await;
    assert_eq!(world.connect().await.rest().await, "");
}

#[tokio::test]
async fn too_many_or_too_large_headers_are_answered_431() {
    let world = World::start(|_| ()).await;
    let large = format!("GET /echo HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "y".repeat(70_000));
    assert_refused(&world.exchange(large).await, 431, "invalid_request");
    let many = format!("GET /echo HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(100));
    assert_refused(&world.exchange(many).await, 431, "invalid_request");
    assert_eq!(world.refused("header_too_large"), 2);
}

#[tokio::test]
async fn one_header_more_than_allowed_is_one_too_many() {
    for most in [64, 200] {
        let world = World::start(|limits| limits.headers_max = most).await;
        let with = |count: usize| {
            let others = "x: y\r\n".repeat(count - 2);
            format!("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n{others}\r\nhi")
        };
        let mut caller = world.connect().await;
        caller.send(with(most)).await;
        let answer = caller.answer().await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("hi"), "{answer}");
        caller.send(with(most + 1)).await;
        let refused = caller.rest().await;
        assert_refused(&refused, 431, "invalid_request");
        assert_eq!(header(&refused, "connection"), Some("close"), "{refused}");
        assert_eq!(world.refused("header_too_large"), 1);
    }
}

#[tokio::test]
async fn what_is_not_http_is_answered_400() {
    let world = World::start(|_| ()).await;
    for nonsense in
        ["\x16\x03\x01\x02\x00nonsense\r\n\r\n", "GET /a b HTTP/1.1\r\n\r\n", "G@T / HTTP/9\r\n\r\n"]
    {
        assert_refused(&world.exchange(nonsense).await, 400, "invalid_request");
    }
    let two_lengths = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab";
    assert_refused(&world.exchange(two_lengths).await, 400, "invalid_request");
    assert_eq!(world.refused("malformed"), 4);
}

#[tokio::test]
async fn an_answer_of_the_service_is_never_reworded() {
    let world = World::start(|_| ()).await;
    let mut caller = world.connect().await;
    caller.send(get("/elsewhere")).await;
    let answer = caller.answer().await;
    assert!(answer.starts_with("HTTP/1.1 404 ") && answer.ends_with("nothing here"), "{answer}");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let world = World::start(|_| ()).await;
    let mut caller = world.connect().await;
    let last = "GET /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    caller.send(format!("{}{}{}{last}", post("/echo", "first"), get("/sleep"), post("/echo", "third"))).await;
    let answers = caller.rest().await;
    let found = |text: &str| answers.find(text).unwrap();
    assert!(found("first") < found("slept") && found("slept") < found("third"), "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 4);
}

#[tokio::test]
async fn every_answer_carries_a_request_id() {
    let world = World::start(|_| ()).await;
    let mut caller = world.connect().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        caller.send(get("/echo")).await;
        ids.push(header(&caller.answer().await, "x-request-id").unwrap().to_owned());
    }
    assert_ne!(ids[0], ids[1]);
    caller.send("GET /panic HTTP/1.1\r\nhost: a\r\nx-request-id: mine-7\r\n\r\n").await;
    assert_eq!(header(&caller.answer().await, "x-request-id"), Some("mine-7"));
}
