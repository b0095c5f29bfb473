//! Does a look-up or a page cost more in a large tenant than in a small one, on either store? And how fast do users come
//! in, and what does one take?
//!
//! `JETON_BENCH_USERS` says how large (2,000; the rest follows: a tenth as many organizations, one user in a two
//! hundredth, an API per two thousand, a client grant per thousand). Beside that tenant stand ones of a tenth and of a
//! thousandth, each in a store of its own; they are asked in turns, so that a busy machine disturbs all of them alike.
//!
//! `JETON_BENCH_STORE`: `embedded` (the default), `cluster`, or `both`. A cluster is named by `JETON_TEST_CLUSTER`:
//! `JETON_BENCH_USERS=1000000 JETON_BENCH_STORE=embedded cargo bench --bench large_tenant`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark tells, and fails by panicking")]

mod place;
mod questions;
mod size;
mod source;

use place::Place;
use questions::QUESTIONS;
use size::Size;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often each question is asked of each tenant, in rounds.
const ROUNDS: usize = 20;
const ASKED_A_ROUND: usize = 50;

/// The most that a question may cost in the large tenant, as a multiple of what it costs in one a thousandth as large.
/// A walk would cost a thousand times as much; a few levels of tables and caches that no longer hold everything do cost.
const MOST: f64 = 40.0;

fn main() {
    let users = std::env::var("JETON_BENCH_USERS").map_or(2_000, |users| users.parse().unwrap());
    let store = std::env::var("JETON_BENCH_STORE").unwrap_or_else(|_| "embedded".to_owned());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for name in ["embedded", "cluster"].into_iter().filter(|name| store == *name || store == "both") {
        runtime.block_on(on(name, users));
    }
}

async fn on(store: &str, users: u64) {
    let sizes = [1_000, 10, 1].map(|part| Size::of((users / part).max(10)));
    let mut places = Vec::new();
    for size in sizes {
        let place = Place::open(store, size).await;
        let loaded = place.load().await;
        println!("{store}, {} users: {loaded}", size.users);
        places.push(place);
    }
    println!(
        "{:36} {:>11} {:>11} {:>11}   large : small",
        "median µs", sizes[0].users, sizes[1].users, sizes[2].users
    );
    for question in QUESTIONS {
        let mut taken = [const { Vec::new() }; 3];
        for round in 0..ROUNDS {
            for (place, taken) in places.iter().zip(&mut taken) {
                place.ask(*question, round * ASKED_A_ROUND, ASKED_A_ROUND, taken).await;
            }
        }
        let [small, middle, large] = taken.map(median_micros);
        let ratio = large / small;
        println!("{:36} {small:11.1} {middle:11.1} {large:11.1}   {ratio:.1}", question.name());
        let apart = sizes[2].users / sizes[0].users;
        assert!(apart < 100 || ratio < MOST, "{} is not flat: {ratio:.1}", question.name());
    }
    for place in places {
        place.close().await;
    }
}

#[expect(clippy::cast_precision_loss, reason = "a time for people to look at")]
fn median_micros(mut nanos: Vec<u64>) -> f64 {
    nanos.sort_unstable();
    nanos[nanos.len() / 2] as f64 / 1_000.0
}
