//! What the command line asks for.

use std::fmt::Write as _;

use tower_metrics_overhead::report::Format;

use crate::child::{self, Task};
use crate::sections::SECTIONS;

/// A command line that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Explain the arguments and list the measurements.
    Help,
    /// Run the measurements whose names contain `filter`.
    Measure { filter: String, format: Format },
    /// Do a part of a measurement that needs a process of its own.
    Child(Task),
}

/// Reads the arguments that follow the program's name, or gives the one that means nothing.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let arguments: Vec<String> = arguments.into_iter().collect();
    if let [first, rest @ ..] = arguments.as_slice()
        && first == child::ARGUMENT
    {
        return Task::parse(rest).map(Command::Child).ok_or_else(|| rest.join(" "));
    }
    let (mut filter, mut format) = (None, Format::Tables);
    for argument in arguments {
        match argument.as_str() {
            "help" | "-h" | "--help" => return Ok(Command::Help),
            "--json" => format = Format::Json,
            _ if argument.starts_with('-') || filter.is_some() => return Err(argument),
            _ => filter = Some(argument),
        }
    }
    Ok(Command::Measure { filter: filter.unwrap_or_default(), format })
}

/// Explains the arguments and lists the measurements.
pub(crate) fn help() -> String {
    let mut text = "\
Usage: cargo xtask bench [FILTER] [--json]

Measures this workspace's metrics beside their peers, in one run, and prints tables; with --json a
line of JSON for each result, and the tables on stderr. With FILTER, only the measurements whose
names contain it.

Measurements:"
        .to_owned();
    for section in SECTIONS {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "\n  {}", section.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        super::parse(line.split_whitespace().map(str::to_owned))
    }

    /// The filter and the format come in any order.
    #[test]
    fn a_filter_and_a_format_are_understood() {
        let measure =
            |filter: &str, format| Ok(Command::Measure { filter: filter.to_owned(), format });
        assert_eq!(parse(""), measure("", Format::Tables));
        assert_eq!(parse("axum"), measure("axum", Format::Tables));
        assert_eq!(parse("--json time/axum"), measure("time/axum", Format::Json));
        assert_eq!(parse("axum --help"), Ok(Command::Help));
    }

    /// Nothing on the command line is silently ignored.
    #[test]
    fn what_means_nothing_is_named() {
        assert_eq!(parse("axum actix"), Err("actix".to_owned()));
        assert_eq!(parse("--jsn"), Err("--jsn".to_owned()));
        assert_eq!(parse("child fly"), Err("fly".to_owned()));
    }
}
