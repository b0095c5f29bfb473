//! Deadlines, idle connections, draining, and whom a request is from.

use std::time::{Duration, Instant};

use jeton::config::listeners::Listener;
use tokio::net::TcpStream;

use crate::world::{World, assert_refused, get, post};

#[tokio::test]
async fn a_request_past_its_deadline_is_answered_503_and_the_connection_lives() {
    let world = World::start(|_| ()).await;
    let mut caller = world.connect().await;
    let begun = Instant::now();
    caller.send(get("/hang")).await;
    assert_refused(&caller.answer().await, 503, "temporarily_unavailable");
    assert!(begun.elapsed() >= Duration::from_millis(400));
    caller.send(post("/echo", "still here")).await;
    assert!(caller.answer().await.ends_with("still here"));
    assert_eq!(world.refused("deadline"), 1);
}

#[tokio::test]
async fn a_panic_is_answered_500_and_the_connection_lives() {
    let world = World::start(|_| ()).await;
    let mut caller = world.connect().await;
    caller.send(get("/panic")).await;
    assert_refused(&caller.answer().await, 500, "server_error");
    caller.send(post("/echo", "still here")).await;
    assert!(caller.answer().await.ends_with("still here"));
    assert_eq!(world.refused("panic"), 1);
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_time() {
    let world = World::start(|limits| limits.keep_alive_idle_ms = 1500).await;
    let mut caller = world.connect().await;
    let mut begun = Instant::now();
    for _ in 0..4 {
        caller.send(post("/echo", "again")).await;
        assert!(caller.answer().await.ends_with("again"));
        tokio::time::sleep(Duration::from_millis(100)).await;
        begun = Instant::now();
    }
    assert_eq!(caller.rest().await, "");
    assert!(begun.elapsed() >= Duration::from_millis(1300), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn draining_finishes_what_is_in_work_and_refuses_what_is_new() {
    let world = World::start(|limits| limits.drain_secs = 5).await;
    let (mut busy, mut idle) = (world.connect().await, world.connect().await);
    idle.send(get("/echo")).await;
    idle.answer().await;
    busy.send(get("/sleep")).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    let address = world.address;
    let metrics = std::sync::Arc::clone(&world.metrics);
    let stopping = tokio::spawn(world.stopped());
    assert_eq!(idle.rest().await, "");
    assert!(TcpStream::connect(address).await.is_err(), "a new connection was accepted");
    let answer = busy.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("slept"), "{answer:?}");
    assert_eq!(stopping.await.unwrap().cut, 0);
    assert!(metrics.render().contains("\njeton_connections 0\n"));
}

#[tokio::test]
async fn what_outlives_the_drain_period_is_cut_and_counted() {
    let world = World::start(|limits| limits.request_deadline_ms = 60_000).await;
    let mut caller = world.connect().await;
    caller.send(get("/hang")).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    let begun = Instant::now();
    assert_eq!(world.stopped().await.cut, 1);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(caller.rest().await, "");
}

#[tokio::test]
async fn only_a_trusted_proxy_may_name_the_caller() {
    let asked = "GET /peer HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 1.1.1.1, 198.51.100.7\r\n\
                 x-forwarded-proto: https\r\nconnection: close\r\n\r\n";
    let world = World::start(|_| ()).await;
    assert!(world.exchange(asked).await.ends_with("127.0.0.1 false"));
    let mut listener = Listener::local(0);
    listener.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let behind = World::start_at(&listener, |_| ()).await;
    assert!(behind.exchange(asked).await.ends_with("198.51.100.7 true"));
}

#[tokio::test]
async fn whoever_came_over_tls_is_told_to_stay_there() {
    const TOLD: &str = "\r\nstrict-transport-security: max-age=31536000\r\n";
    let plain = "GET /peer HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let secure = plain.replace("host: a", "host: a\r\nx-forwarded-proto: https");
    let mut listener = Listener { address: Listener::local(0).address, ..Listener::public() };
    listener.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let world = World::start_at(&listener, |_| ()).await;
    assert!(world.exchange(&secure).await.contains(TOLD));
    assert!(!world.exchange(plain).await.contains("strict-transport"));
}
