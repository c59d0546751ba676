//! The steps of `cargo xtask test`, in the order in which they run.

use std::time::{Duration, Instant};

use crate::command::Invocation;
use crate::error::Error;
use crate::{features, packages};

/// One check of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Packages,
    Fmt,
    Deny,
    Clippy,
    Doc,
    Features,
    Test,
    EndToEnd,
    Onnx,
}

impl Step {
    /// Every step; what fails fastest comes early.
    pub(crate) const ALL: [Self; 9] = [
        Self::Packages,
        Self::Fmt,
        Self::Deny,
        Self::Clippy,
        Self::Doc,
        Self::Features,
        Self::Test,
        Self::EndToEnd,
        Self::Onnx,
    ];

    /// The name by which the command line knows the step.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Fmt => "fmt",
            Self::Deny => "deny",
            Self::Clippy => "clippy",
            Self::Doc => "doc",
            Self::Features => "features",
            Self::Test => "test",
            Self::EndToEnd => "e2e",
            Self::Onnx => "onnx",
        }
    }

    /// What the step proves.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Packages => "the servers that the end-to-end tests talk to are installed",
            Self::Fmt => "the code is formatted",
            Self::Deny => "licences and sources of dependencies, where cargo-deny is installed",
            Self::Clippy => "no lint fires, in any target, with every feature",
            Self::Doc => "the documentation builds without a warning",
            Self::Features => {
                "every library builds with no feature, each one alone, and those that meet"
            }
            Self::Test => "unit tests, doc tests, and tests that need no external server",
            Self::EndToEnd => {
                "services and jobs against a real Prometheus and Pushgateway, and promtool"
            }
            Self::Onnx => "the examples with a real model, which takes long to build",
        }
    }

    /// The step of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    fn run(self) -> Result<(), Error> {
        match self {
            Self::Packages => packages::ensure(),
            Self::Fmt => Invocation::new("cargo", &["fmt", "--all", "--check"]).run(),
            Self::Deny => deny(),
            Self::Clippy => Invocation::cargo(
                "clippy",
                &["--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"],
            )
            .run(),
            Self::Doc => Invocation::cargo("doc", &["--workspace", "--no-deps", "--all-features"])
                .with_env("RUSTDOCFLAGS", "-Dwarnings")
                .run(),
            Self::Features => features::commands()?.iter().try_for_each(Invocation::run),
            Self::Test => Invocation::cargo("test", &["--workspace"]).run(),
            Self::EndToEnd => {
                // The step can be asked for alone, on a machine that has never run the first one.
                packages::ensure()?;
                let package = ["-p", "tower-metrics-tests", "--features", "external-servers"];
                Invocation::cargo("test", &package).run()
            }
            Self::Onnx => {
                let services = ["-p", "inference-service", "-p", "inference-service-actix"];
                let others = ["-p", "batch-inference", "-p", "inference-model"];
                let packages = [services, others].concat();
                Invocation::cargo("test", &[&packages, &["--features", "onnx"][..]].concat()).run()
            }
        }
    }
}

/// Checks what the published crates depend upon, by `deny.toml`.
///
/// Installing cargo-deny takes longer than all other steps, and what it checks changes only with
/// `Cargo.lock`: so whoever changes that runs it, and nobody has to wait for it.
fn deny() -> Result<(), Error> {
    if !Invocation::new("cargo", &["deny", "--version"]).attempt() {
        eprintln!("skipped: there is no cargo-deny; cargo install --locked cargo-deny");
        return Ok(());
    }
    Invocation::cargo("deny", &["check", "bans", "licenses", "sources"]).run()
}

/// Runs the steps in order and stops at the first that fails.
pub(crate) fn run(steps: &[Step]) -> Result<(), Error> {
    let started = Instant::now();
    for step in steps {
        let name = step.name();
        eprintln!("\n==> {name}: {}", step.about());
        let started = Instant::now();
        step.run().map_err(|source| Error::Step { name, source: Box::new(source) })?;
        eprintln!("==> {name} passed in {}", seconds(started.elapsed()));
    }
    eprintln!("\nall passed in {}", seconds(started.elapsed()));
    Ok(())
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names are unique, or the later step would be unreachable.
    #[test]
    fn every_step_is_found_by_its_name() {
        for step in Step::ALL {
            assert_eq!(Step::named(step.name()), Some(step));
        }
        assert_eq!(Step::named("nothing"), None);
    }

    /// The last line of a failed run is the next command to type.
    #[test]
    fn a_failed_step_says_how_to_rerun_it() {
        let source = Box::new(Error::UnknownStep("x".to_owned()));
        let message = Error::Step { name: "clippy", source }.to_string();
        assert!(message.ends_with("\nrerun it with: cargo xtask test clippy"), "{message}");
    }
}
