//! How many instructions does each step of a token request take, and the whole of it? Counted by callgrind (gungraun), so
//! that a shared machine changes nothing; what changes them is the code, the compiler and, by its features, the CPU.
//!
//! `benches/instructions/check` installs what this needs, runs it and compares with `benches/baseline.json`. `cargo test
//! --bench instructions` runs everything once, without callgrind.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

mod counted;
mod ready;
mod steps;
#[path = "../token_request/world.rs"]
mod world;

/// The server's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // Cargo says the former, gungraun under callgrind the latter.
    if std::env::args().any(|word| word == "--bench" || word == "--gungraun-run") {
        counted::count();
    } else {
        steps::once();
    }
}
