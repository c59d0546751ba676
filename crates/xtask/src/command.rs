//! A command that is shown, run, and fails loudly.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::process::{Command, Output, Stdio};

use crate::error::Error;

/// A command that prints as the shell line which repeats it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invocation {
    program: String,
    arguments: Vec<String>,
    environment: Option<(&'static str, &'static str)>,
}

impl Invocation {
    /// Describes a run of `program`.
    pub(crate) fn new(program: &str, arguments: &[&str]) -> Self {
        Self {
            program: program.to_owned(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            environment: None,
        }
    }

    /// Describes a run of a Cargo subcommand that resolves dependencies.
    pub(crate) fn cargo(subcommand: &str, arguments: &[&str]) -> Self {
        // A CI run must test the dependencies that were committed, never newer ones.
        let locked: &[&str] =
            if env::var_os("CI").is_some_and(|ci| ci == "true") { &["--locked"] } else { &[] };
        Self::new("cargo", &[&[subcommand], locked, arguments].concat())
    }

    /// Sets one environment variable for the run.
    #[must_use]
    pub(crate) fn with_env(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment = Some((name, value));
        self
    }

    /// Runs the command with its output shown.
    pub(crate) fn run(&self) -> Result<(), Error> {
        eprintln!("$ {self}");
        let status = self.command().status().map_err(|source| self.not_started(source))?;
        if status.success() {
            Ok(())
        } else {
            Err(Error::Failed { command: self.to_string(), status })
        }
    }

    /// Runs the command and returns what it wrote to stdout; stderr is shown.
    pub(crate) fn read(&self) -> Result<Vec<u8>, Error> {
        let Output { status, stdout, .. } = self
            .command()
            .stderr(Stdio::inherit())
            .output()
            .map_err(|source| self.not_started(source))?;
        if status.success() {
            Ok(stdout)
        } else {
            Err(Error::Failed { command: self.to_string(), status })
        }
    }

    /// Runs the command unseen, where it may fail; says whether it succeeded.
    pub(crate) fn attempt(&self) -> bool {
        let status = self.command().stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.executable());
        command.args(&self.arguments).envs(self.environment).stdin(Stdio::null());
        command
    }

    /// The Cargo that runs this program, so that every step uses one toolchain.
    fn executable(&self) -> OsString {
        let running_cargo = if self.program == "cargo" { env::var_os("CARGO") } else { None };
        running_cargo.unwrap_or_else(|| OsString::from(&self.program))
    }

    fn not_started(&self, source: std::io::Error) -> Error {
        Error::Start { program: self.program.clone(), source }
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, value)) = self.environment {
            write!(f, "{name}={value} ")?;
        }
        write!(f, "{}", self.program)?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown can be pasted into a shell.
    #[test]
    fn an_invocation_prints_as_the_line_that_repeats_it() {
        let doc = Invocation::new("cargo", &["doc", "--no-deps"]).with_env("A", "b");
        assert_eq!(doc.to_string(), "A=b cargo doc --no-deps");
    }

    /// A failure says which command it was.
    #[test]
    fn a_command_that_fails_is_named_with_its_status() {
        let error = Invocation::new("false", &[]).run().unwrap_err();
        assert_eq!(error.to_string(), "`false` failed with exit status: 1");
    }

    /// A missing tool is told apart from a failing one.
    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let error = Invocation::new("no-such-program", &[]).read().unwrap_err();
        assert!(error.to_string().starts_with("cannot start `no-such-program`: "), "{error}");
    }

    /// A command that fails and one that does not exist are both no success.
    #[test]
    fn an_attempt_says_whether_it_succeeded() {
        assert!(Invocation::new("true", &[]).attempt());
        assert!(!Invocation::new("false", &[]).attempt());
        assert!(!Invocation::new("no-such-program", &[]).attempt());
    }

    /// Only stdout is read, whole.
    #[test]
    fn what_a_command_prints_is_returned() {
        assert_eq!(Invocation::new("echo", &["hello"]).read().unwrap(), b"hello\n");
    }
}
