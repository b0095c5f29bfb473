//! Connections that give their buffers up while nobody says anything: the caller must not notice.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::{World, get, header, post};

/// The short limits of these worlds make a sweep of 100 ms: after this, whoever is silent rests.
const SILENCE: Duration = Duration::from_millis(350);

#[tokio::test]
async fn a_connection_answers_again_however_often_it_rested() {
    let world = World::start(|_| ()).await;
    let mut caller = world.connect().await;
    for nth in 0..4 {
        let text = format!("request {nth}");
        caller.send(post("/echo", &text)).await;
        assert!(caller.answer().await.ends_with(&text));
        tokio::time::sleep(SILENCE).await;
    }
    // Two at once, right after a rest.
    caller.send(post("/echo", "one") + &post("/echo", "two")).await;
    let both = caller.answer().await;
    let both = if both.contains("two") { both } else { both + &caller.answer().await };
    assert!(both.contains("one") && both.ends_with("two"), "{both:?}");
}

#[tokio::test]
async fn what_came_of_the_next_request_is_kept_over_a_rest() {
    let world = World::start(|limits| limits.header_read_timeout_ms = 4000).await;
    let next = post("/echo", "in three parts");
    // Within the head, and within its first word; the second round begins at rest.
    for split in [21, 2] {
        let mut caller = world.connect().await;
        for _ in 0..2 {
            let (begun, rest) = next.split_at(split);
            caller.send(post("/echo", "first") + begun).await;
            assert!(caller.answer().await.ends_with("first"));
            tokio::time::sleep(Duration::from_millis(2500)).await;
            caller.send(rest).await;
            assert!(caller.answer().await.ends_with("in three parts"));
            tokio::time::sleep(Duration::from_millis(2500)).await;
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_not_taken_yet_is_kept_over_any_silence() {
    let world = World::start(|limits| {
        limits.body_bytes_max = 32 << 20;
        limits.body_read_timeout_ms = 8000;
        limits.request_deadline_ms = 8000;
    });
    let world = world.await;
    let body = "0123456789abcdef".repeat(2 << 20);
    let (mut reading, mut writing) = world.connect().await.0.into_split();
    let request = post("/echo", &body) + &get("/peer");
    let sending = tokio::spawn(async move {
        writing.write_all(request.as_bytes()).await.unwrap();
        writing
    });
    tokio::time::sleep(SILENCE * 4).await;
    let mut bytes = Vec::new();
    let taking = async {
        while !bytes.ends_with(b"127.0.0.1 false") {
            assert!(reading.read_buf(&mut bytes).await.unwrap() > 0, "closed after {} bytes", bytes.len());
        }
    };
    tokio::time::timeout(Duration::from_secs(8), taking).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, rest) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(header(head, "content-length").unwrap(), body.len().to_string());
    assert!(rest.starts_with(&body));
    drop(sending.await.unwrap());
}

#[tokio::test]
async fn a_resting_connection_is_closed_when_its_time_is_over_or_the_server_stops() {
    let world = World::start(|limits| limits.keep_alive_idle_ms = 1000).await;
    let mut caller = world.connect().await;
    caller.send(get("/peer")).await;
    caller.answer().await;
    assert_eq!(caller.rest().await, "");
    assert_eq!(world.count("jeton_connections"), 0);

    let world = World::start(|_| ()).await;
    let (mut rested, mut hung_up) = (world.connect().await, world.connect().await);
    for caller in [&mut rested, &mut hung_up] {
        caller.send(get("/peer")).await;
        caller.answer().await;
    }
    tokio::time::sleep(SILENCE).await;
    drop(hung_up);
    tokio::time::sleep(SILENCE).await;
    assert_eq!(world.count("jeton_connections"), 1);
    let stopping = tokio::spawn(world.stopped());
    assert_eq!(rested.rest().await, "");
    assert_eq!(stopping.await.unwrap().cut, 0);
}

#[tokio::test]
async fn a_head_that_begins_after_a_rest_is_late_like_any_other() {
    let world = World::start(|_| ()).await;
    let mut caller = world.connect().await;
    caller.send(get("/peer")).await;
    caller.answer().await;
    tokio::time::sleep(SILENCE).await;
    caller.send("POST /echo HT").await;
    let answer = caller.rest().await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer:?}");
}

#[tokio::test]
async fn the_preface_of_http2_is_heard_byte_by_byte() {
    let world = World::start(|_| ()).await;
    let mut caller = world.connect().await;
    for byte in b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" {
        caller.send([*byte]).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    caller.send([0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
    let mut frame = [0; 9];
    caller.0.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[3], 4, "SETTINGS come first: {frame:?}");
    // Not the preface after all.
    let answer = world.exchange("PRI * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 "), "{answer:?}");
}
