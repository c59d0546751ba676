//! The benchmark: `tests/overhead`, built with the peers that it compares with.

use crate::command::Invocation;
use crate::error::Error;

/// The package, as it is built for users, with its peers; no other command turns them on but the
/// lints, which do not build them.
const PACKAGE: [&str; 6] =
    ["--profile", "bench", "-p", "tower-metrics-overhead", "--features", "peers"];

/// Builds every program of the package, for one starts another, and runs the benchmark.
pub(crate) fn run(arguments: &[String]) -> Result<(), Error> {
    Invocation::cargo("build", &PACKAGE).run()?;
    run_built(arguments).run()
}

fn run_built(arguments: &[String]) -> Invocation {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let program = ["--quiet", "--bin", "overhead", "--"];
    Invocation::cargo("run", &[&PACKAGE[..], &program, &arguments].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What follows `bench` reaches the benchmark as it was typed.
    #[test]
    fn arguments_come_last() {
        let line = run_built(&["axum".to_owned(), "--json".to_owned()]).to_string();
        assert!(
            line.ends_with(" --features peers --quiet --bin overhead -- axum --json"),
            "{line}"
        );
    }
}
