//! The command line.

use std::{net::SocketAddr, num::NonZeroU16, time::Duration};

use clap::{Command, CommandFactory as _, FromArgMatches as _, Parser};

use crate::program::Program;

/// How long a stopping service waits, beyond the inference timeout, for clients that stall.
const STALLED_CLIENT_GRACE: Duration = Duration::from_secs(5);

/// What a service is told on its command line.
#[derive(Debug, Parser)]
pub struct Options {
    /// Address to listen on; port 0 takes any free port.
    #[arg(long, env = "LISTEN", value_name = "IP:PORT")]
    listen: SocketAddr,

    /// Answers 504 when an inference takes longer than this many milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    timeout_ms: u32,

    /// How many requests a model runs at once; more wait.
    #[arg(long, value_name = "N", default_value = "8")]
    max_concurrency: NonZeroU16,

    /// How many requests may wait; more are answered with 429.
    #[arg(long, value_name = "N", default_value_t = 64)]
    max_waiting: u16,
}

impl Options {
    /// Reads the options that `program` was started with; prints help, or what is wrong with
    /// them, and ends the process where that is all there is to do.
    pub fn parse(program: &Program) -> Self {
        let options = Self::from_arg_matches(&command(program).get_matches());
        options.unwrap_or_else(|error| error.exit())
    }

    /// Returns the address to listen on.
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Returns how long an inference may take.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.into())
    }

    /// Returns how many requests a model runs at once.
    pub(crate) fn max_concurrency(&self) -> NonZeroU16 {
        self.max_concurrency
    }

    /// Returns how many requests may wait.
    pub(crate) fn max_waiting(&self) -> u16 {
        self.max_waiting
    }

    /// Returns how long a stopping service waits for the requests in flight: an inference ends by
    /// itself, but a client that sends half a request would keep it forever.
    pub fn shutdown_grace(&self) -> Duration {
        self.timeout().saturating_add(STALLED_CLIENT_GRACE)
    }
}

fn command(program: &Program) -> Command {
    Options::command()
        .name(program.name)
        .about(program.about)
        .mut_arg("listen", |listen| listen.default_value(program.default_listen).required(false))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const PROGRAM: Program =
        Program { name: "service", about: "Serves.", default_listen: "127.0.0.1:8000" };

    pub(crate) fn options(arguments: &[&str]) -> Options {
        let matches = command(&PROGRAM).get_matches_from([&["service"], arguments].concat());
        Options::from_arg_matches(&matches).unwrap()
    }

    /// No option is given twice or in conflict with another.
    #[test]
    fn command_line_is_consistent() {
        command(&PROGRAM).debug_assert();
    }

    /// Every value can be set, and what follows from it follows.
    #[test]
    fn options_are_read() {
        let options = options(&[
            "--listen=[::1]:0",
            "--timeout-ms=300",
            "--max-concurrency=2",
            "--max-waiting=3",
        ]);
        assert_eq!(options.listen(), "[::1]:0".parse().unwrap());
        assert_eq!(options.timeout(), Duration::from_millis(300));
        assert_eq!(options.shutdown_grace(), Duration::from_millis(5300));
        assert_eq!((options.max_concurrency().get(), options.max_waiting()), (2, 3));
    }

    /// Each program has its own address, and its help says so.
    #[test]
    fn help_names_the_program_and_its_address() {
        let help = command(&PROGRAM).render_help().to_string();
        assert!(help.starts_with("Serves.\n\nUsage: service [OPTIONS]\n"), "{help}");
        assert!(help.contains("[default: 127.0.0.1:8000]"), "{help}");
    }
}
