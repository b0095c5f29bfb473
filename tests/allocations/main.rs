//! How often, and how many bytes, does a warm token request allocate? Between the request's first byte and the answer's last.
//!
//! Everything runs on this thread (a runtime of one thread, the connection's other end beside it), and only this thread is
//! counted, so that the machine's noise and other tests change nothing; the embedded store's writer is a thread of its own
//! and is not counted. A cache that tidies up once in a while, or a table that grows, would: each row is the median of
//! many requests.
//!
//! A row that failed tells what was found. After making a request cheaper, run
//! `cargo test --test allocations -- --nocapture` and write the numbers it prints into [`AT_MOST`].

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod browser;
mod resting;
mod stage;
#[path = "../../benches/token_request/world.rs"]
mod world;

use stage::Stage;

/// What one request may take.
struct Cost {
    request: &'static str,
    allocations: u64,
    bytes: u64,
}

/// Counts of a development build with default features. What the compiler optimizes away can only lower them.
const AT_MOST: [Cost; 5] = [
    cost("client_credentials", 12, 4773),
    cost("client_credentials for an organization", 12, 4773),
    cost("refresh", 28, 9304),
    cost("refresh into an organization", 28, 9304),
    cost("authorization code for three tokens", 33, 9609),
];

#[test]
fn a_warm_request_allocates_no_more_than_it_did() {
    let mut stage = Stage::start();
    let found = [
        stage.client_credentials(None),
        stage.client_credentials(Some("acme")),
        stage.refreshes(None),
        stage.refreshes(Some("acme")),
        stage.exchanges(),
    ];
    let mut over = Vec::new();
    for (most, (allocations, bytes)) in AT_MOST.iter().zip(found) {
        let request = most.request;
        println!("    cost(\"{request}\", {allocations}, {bytes}),");
        if allocations > most.allocations || bytes > most.bytes {
            over.push(format!(
                "{request}: {allocations} allocations of {bytes} bytes in all; at most {} of {}",
                most.allocations, most.bytes
            ));
        }
    }
    assert!(over.is_empty(), "{}", over.join("\n"));
}

const fn cost(request: &'static str, allocations: u64, bytes: u64) -> Cost {
    Cost { request, allocations, bytes }
}
