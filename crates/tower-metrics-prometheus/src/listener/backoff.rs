//! What to do when no connection can be accepted.

use std::io;
use std::time::Duration;

/// Counts errors in a row. Most come back at once, such as that of too many open files, and a loop
/// that tries again would take a processor.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    errors: u32,
}

const FIRST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_secs(1);

impl Backoff {
    /// A connection was accepted.
    pub(super) fn reset(&mut self) {
        self.errors = 0;
    }

    /// How long to wait after an error; `None` if it concerns nobody but that client.
    pub(super) fn pause(&mut self, error: &io::Error) -> Option<Duration> {
        if matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionRefused
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::Interrupted
        ) {
            return None;
        }
        if self.errors == 0 {
            tracing::warn!(%error, "the metrics listener cannot accept connections; it tries on");
        }
        let pause = FIRST.saturating_mul(1 << self.errors.min(10)).min(LONGEST);
        self.errors += 1;
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A few milliseconds at first, then up to a second, until a connection comes through.
    #[test]
    fn errors_in_a_row_are_waited_out_ever_longer() {
        let mut backoff = Backoff::default();
        let error = io::Error::other("too many open files");
        let pauses: Vec<Duration> = (0..40).map(|_| backoff.pause(&error).unwrap()).collect();
        assert_eq!((pauses[0], pauses[1], pauses[39]), (FIRST, FIRST * 2, LONGEST));
        assert!(pauses.is_sorted());
        backoff.reset();
        assert_eq!(backoff.pause(&error), Some(FIRST));
    }

    /// A client that went away before it was accepted holds up nobody.
    #[test]
    fn errors_of_one_client_are_not_waited_out() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.pause(&io::ErrorKind::ConnectionAborted.into()), None);
        assert_eq!(backoff.pause(&io::Error::other("x")), Some(FIRST));
    }
}
