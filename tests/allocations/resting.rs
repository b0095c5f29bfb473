//! What a connection holds right after an answer, and when it has been silent for a while.

use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use bytes::Bytes;
use jeton::config::limits::Limits;
use jeton::config::listeners::Listener;
use jeton::transport::{Arrival, Bound, Drain, Service, serve};
use tokio::runtime::Builder;

use crate::browser;
use crate::stage::Wire;

const CONNECTIONS: i64 = 50;

/// Answers everything with nothing.
#[derive(Clone)]
struct Nothing;

impl Service for Nothing {
    async fn call(&self, _: Arrival) -> http::Response<Bytes> {
        http::Response::new(Bytes::new())
    }
}

#[test]
fn a_connection_that_stays_silent_gives_its_buffers_up() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let address = runtime.block_on(async {
        let bound = Bound::bind(&Listener::local(0)).await.unwrap();
        let address = bound.local_addr();
        // Such patience makes a sweep of 50 ms.
        let limits = Limits { header_read_timeout_ms: 100, ..Limits::default() };
        tokio::spawn(serve(bound, Nothing, Arc::new(limits), Drain::new()));
        address
    });
    let mut wires = Vec::new();
    for _ in 0..CONNECTIONS {
        wires.push(runtime.block_on(Wire::to(address)));
    }
    let request = browser::request("POST /oauth/token", "", "a=b");
    let answered = measure(|| {
        for wire in &mut wires {
            runtime.block_on(wire.head(&request));
        }
    });
    let silent = measure(|| runtime.block_on(async { tokio::time::sleep(Duration::from_millis(400)).await }));
    let taken = answered.bytes_current / CONNECTIONS;
    let given_up = -silent.bytes_current / CONNECTIONS;
    println!("    an answer left {taken} bytes with its connection, silence gave {given_up} of them up");
    assert!(given_up > 16 << 10 && taken - given_up < 256, "{taken} bytes were taken, {given_up} given up");
    // And they answer again.
    for wire in &mut wires {
        assert!(runtime.block_on(wire.head(&request)).starts_with("HTTP/1.1 200"));
    }
}
