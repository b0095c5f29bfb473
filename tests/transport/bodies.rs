//! Request bodies: too long, too slow, chunked, broken off, and half-closed callers.

use tokio::io::AsyncWriteExt;

use crate::world::{World, assert_refused, header, post};

#[tokio::test]
async fn bodies_up_to_the_limit_come_back_whole() {
    let world = World::start(|_| ()).await;
    for length in [0, 1, 1000, 20_000, 64 * 1024] {
        let body = "x".repeat(length);
        let mut caller = world.connect().await;
        caller.send(post("/echo", &body)).await;
        let answer = caller.answer().await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{length}");
        assert_eq!(answer.split_once("\r\n\r\n").unwrap().1.len(), length);
    }
}

#[tokio::test]
async fn a_declared_length_over_the_limit_is_refused_unread() {
    let world = World::start(|_| ()).await;
    let mut caller = world.connect().await;
    caller.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 65537\r\n\r\n").await;
    let answer = caller.answer().await;
    assert_refused(&answer, 413, "invalid_request");
    assert_eq!(header(&answer, "connection"), Some("close"));
    assert_eq!(world.refused("body_too_long"), 1);
}

#[tokio::test]
async fn a_caller_that_sends_it_all_first_still_reads_the_refusal() {
    let world = World::start(|limits| limits.header_read_timeout_ms = 2000).await;
    let mut caller = world.connect().await;
    caller.send(post("/echo", &"x".repeat(4 * 1024 * 1024))).await;
    assert_refused(&caller.answer().await, 413, "invalid_request");
}

#[tokio::test]
async fn a_body_of_no_declared_length_is_cut_at_the_limit() {
    let world = World::start(|limits| limits.body_bytes_max = 2048).await;
    let chunk = format!("400\r\n{}\r\n", "x".repeat(1024));
    let chunked = "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut caller = world.connect().await;
    caller.send(format!("{chunked}{chunk}{chunk}0\r\n\r\n")).await;
    let answer = caller.answer().await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(&"x".repeat(2048)), "{answer}");
    caller.send(format!("{chunked}{chunk}{chunk}1\r\nx\r\n0\r\n\r\n")).await;
    assert_refused(&caller.answer().await, 413, "invalid_request");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_408() {
    let world = World::start(|_| ()).await;
    let answer = world.exchange("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab").await;
    assert_refused(&answer, 408, "invalid_request");
    assert_eq!(world.refused("body_too_slow"), 1);
}

#[tokio::test]
async fn a_body_with_bad_framing_is_answered_400() {
    let world = World::start(|_| ()).await;
    let chunked = "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    assert_refused(&world.exchange(chunked).await, 400, "invalid_request");
}

#[tokio::test]
async fn a_half_closed_caller_gets_its_answer() {
    let world = World::start(|_| ()).await;
    let mut caller = world.connect().await;
    caller.send("GET /sleep HTTP/1.1\r\nhost: a\r\n\r\n").await;
    caller.0.shutdown().await.unwrap();
    let answer = caller.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("slept"), "{answer:?}");
}

#[tokio::test]
async fn a_caller_that_asks_first_is_told_to_go_on() {
    let world = World::start(|_| ()).await;
    let mut caller = world.connect().await;
    caller.send("POST /echo HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n").await;
    let mut told = [0; 25];
    tokio::io::AsyncReadExt::read_exact(&mut caller.0, &mut told).await.unwrap();
    assert_eq!(told.as_slice(), b"HTTP/1.1 100 Continue\r\n\r\n");
    caller.send("ok").await;
    assert!(caller.answer().await.ends_with("ok"));
}
