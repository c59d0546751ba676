//! Measures what metrics cost: `cargo xtask bench`.
#![expect(clippy::unwrap_used, reason = "what cannot be set up cannot be measured")]

mod allocations;
mod child;
mod cli;
mod instructions;
mod scanner;
mod scrape;
mod sections;
mod wire;

use std::process::ExitCode;

use cli::Command;

fn main() -> ExitCode {
    match cli::parse(std::env::args().skip(1)) {
        Ok(Command::Help) => {
            print_help();
            ExitCode::SUCCESS
        }
        Ok(Command::Measure { filter, format }) => {
            if sections::run(&filter, format) == 0 {
                eprintln!("no measurement is called `{filter}`\n\n{}", cli::help());
                return ExitCode::from(2);
            }
            ExitCode::SUCCESS
        }
        Ok(Command::Child(task)) => {
            child::run(&task);
            ExitCode::SUCCESS
        }
        Err(argument) => {
            eprintln!("unexpected argument `{argument}`\n\n{}", cli::help());
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stdout, reason = "help that was asked for belongs on stdout")]
fn print_help() {
    println!("{}", cli::help());
}
