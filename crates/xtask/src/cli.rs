//! What the command line asks for.

use std::fmt::Write as _;

use crate::Step;
use crate::error::Error;

/// A command line that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Explain the commands and the steps.
    Help,
    /// Run these steps, in this order.
    Test(Vec<Step>),
    /// Run the benchmark with these arguments.
    Bench(Vec<String>),
}

/// Reads the arguments that follow the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Request, Error> {
    let arguments: Vec<String> = arguments.into_iter().collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => Ok(Request::Help),
        all if all.iter().any(|a| matches!(*a, "help" | "-h" | "--help")) => Ok(Request::Help),
        ["test"] => Ok(Request::Test(Step::ALL.to_vec())),
        ["test", name] => Step::named(name)
            .map(|step| Request::Test(vec![step]))
            .ok_or_else(|| Error::UnknownStep((*name).to_owned())),
        ["bench", rest @ ..] => {
            Ok(Request::Bench(rest.iter().map(|&argument| argument.to_owned()).collect()))
        }
        ["test", _, extra, ..] => Err(Error::UnexpectedArgument((*extra).to_owned())),
        [other, ..] => Err(Error::UnexpectedArgument((*other).to_owned())),
    }
}

/// Explains the commands and lists the steps.
pub(crate) fn help() -> String {
    let mut text = "\
Usage: cargo xtask test [STEP]
       cargo xtask bench [FILTER] [--json]

`test` runs every check of this workspace in the order below and stops at the first failure,
or runs only STEP. With CI=true in the environment, Cargo.lock must be up to date.

`bench` measures what the metrics of this workspace cost beside their peers, in less than five
minutes, and prints tables; with --json a line of JSON for each result. With FILTER, it runs only
the measurements whose names contain it, such as `axum`, `time`, `scanner` or `wire`.

Steps:"
        .to_owned();
    for step in Step::ALL {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "\n  {:<9} {}", step.name(), step.about());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Request, Error> {
        super::parse(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    /// Whoever types only `cargo xtask` learns what there is.
    #[test]
    fn no_argument_asks_for_help() {
        assert_eq!(parse(&[]).unwrap(), Request::Help);
    }

    /// Asking for help never starts a step.
    #[test]
    fn a_help_flag_wins_wherever_it_stands() {
        assert_eq!(parse(&["--help"]).unwrap(), Request::Help);
        assert_eq!(parse(&["test", "-h"]).unwrap(), Request::Help);
    }

    /// The one command runs everything.
    #[test]
    fn test_alone_asks_for_every_step_in_order() {
        assert_eq!(parse(&["test"]).unwrap(), Request::Test(Step::ALL.to_vec()));
    }

    /// A failed step can be repeated alone.
    #[test]
    fn a_step_name_asks_for_that_step_only() {
        assert_eq!(parse(&["test", "clippy"]).unwrap(), Request::Test(vec![Step::Clippy]));
    }

    /// What to measure is for the benchmark to understand.
    #[test]
    fn bench_takes_whatever_follows() {
        let arguments = ["axum".to_owned(), "--json".to_owned()];
        assert_eq!(parse(&["bench"]).unwrap(), Request::Bench(vec![]));
        assert_eq!(
            parse(&["bench", "axum", "--json"]).unwrap(),
            Request::Bench(arguments.to_vec())
        );
    }

    /// A slip of the pen is shown as it was typed.
    #[test]
    fn an_unknown_step_is_named_in_the_error() {
        let error = parse(&["test", "clipy"]).unwrap_err();
        assert_eq!(error.to_string(), "there is no step `clipy`");
    }

    /// Nothing on the command line is silently ignored.
    #[test]
    fn an_unknown_command_and_a_second_step_are_rejected() {
        let command = parse(&["build"]).unwrap_err();
        assert_eq!(command.to_string(), "unexpected argument `build`");
        let second = parse(&["test", "fmt", "doc"]).unwrap_err();
        assert_eq!(second.to_string(), "unexpected argument `doc`");
    }

    /// A new step cannot be left out of the help.
    #[test]
    fn help_lists_every_step() {
        let help = help();
        for step in Step::ALL {
            assert!(help.contains(&format!("\n  {} ", step.name())), "{} is missing", step.name());
        }
    }
}
