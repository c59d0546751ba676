//! The checks of this workspace, as one command that needs only the Rust toolchain.
//!
//! `cargo xtask test` runs every step of [`Step::ALL`] in order and stops at the first failure;
//! `cargo xtask test <step>` runs one of them. The list of steps is in `checks.rs`, the Debian
//! packages that the end-to-end tests need are in `packages.rs`. `cargo xtask bench` measures what
//! the metrics cost (`bench.rs`).

mod bench;
mod checks;
mod cli;
mod command;
mod error;
mod features;
mod packages;

use std::process::ExitCode;

use checks::Step;
use cli::Request;
use error::Error;

fn main() -> ExitCode {
    match cli::parse(std::env::args().skip(1)) {
        Ok(Request::Help) => {
            print_help();
            ExitCode::SUCCESS
        }
        Ok(Request::Test(steps)) => exit_code(checks::run(&steps)),
        Ok(Request::Bench(arguments)) => exit_code(bench::run(&arguments)),
        Err(error) => {
            eprintln!("error: {error}\n\n{}", cli::help());
            ExitCode::from(2)
        }
    }
}

fn exit_code(result: Result<(), Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "help that was asked for belongs on stdout")]
fn print_help() {
    println!("{}", cli::help());
}
