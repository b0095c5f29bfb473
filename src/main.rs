//! The jeton program.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match jeton::cli::read(std::env::args_os()) {
        Ok(arguments) => jeton::cli::run(arguments),
        Err(status) => status,
    }
}
