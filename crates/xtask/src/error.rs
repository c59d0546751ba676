//! Why a check did not pass.

use std::fmt;
use std::io;
use std::process::ExitStatus;

/// Why `cargo xtask` could not do what it was asked.
#[derive(Debug)]
pub(crate) enum Error {
    /// The command line names a step that does not exist.
    UnknownStep(String),
    /// The command line holds an argument that means nothing here.
    UnexpectedArgument(String),
    /// A program could not be started.
    Start { program: String, source: io::Error },
    /// A program ran and did not succeed.
    Failed { command: String, status: ExitStatus },
    /// A program's answer could not be read.
    Unreadable { command: String, source: serde_json::Error },
    /// System packages are missing and cannot be installed from here.
    MissingPackages(Vec<&'static str>),
    /// System packages were installed and their programs still are not in `PATH`.
    NotInPath(Vec<&'static str>),
    /// A step failed for the reason in `source`.
    Step { name: &'static str, source: Box<Error> },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownStep(name) => write!(f, "there is no step `{name}`"),
            Self::UnexpectedArgument(argument) => write!(f, "unexpected argument `{argument}`"),
            Self::Start { program, source } => write!(f, "cannot start `{program}`: {source}"),
            Self::Failed { command, status } => write!(f, "`{command}` failed with {status}"),
            Self::Unreadable { command, source } => {
                write!(f, "cannot read what `{command}` printed: {source}")
            }
            Self::MissingPackages(packages) => {
                let packages = packages.join(" ");
                write!(
                    f,
                    "the end-to-end tests need system packages; as root, run\n  \
                     apt-get update && apt-get install --no-install-recommends {packages}"
                )
            }
            Self::NotInPath(programs) => {
                write!(f, "installed, but not found in PATH: {}", programs.join(", "))
            }
            Self::Step { name, source } => {
                write!(f, "step `{name}` failed: {source}\nrerun it with: cargo xtask test {name}")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Start { source, .. } => Some(source),
            Self::Unreadable { source, .. } => Some(source),
            Self::Step { source, .. } => Some(source),
            _ => None,
        }
    }
}
