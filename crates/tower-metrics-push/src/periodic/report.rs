//! How periodic pushes went.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::PushError;

/// Counts pushes, and keeps why the latest failed.
#[derive(Debug, Default)]
pub(super) struct Report {
    succeeded: AtomicU64,
    failed: AtomicU64,
    last_error: Mutex<Option<Arc<PushError>>>,
}

impl Report {
    pub(super) fn succeeded(&self) -> u64 {
        self.succeeded.load(Ordering::Relaxed)
    }

    pub(super) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    pub(super) fn last_error(&self) -> Option<Arc<PushError>> {
        self.lock().clone()
    }

    /// Notes how a push ended, and logs it where that has changed.
    pub(super) fn note(&self, outcome: Result<(), PushError>) {
        let mut last_error = self.lock();
        let is_failing = last_error.is_some();
        match outcome {
            Ok(()) => {
                self.succeeded.fetch_add(1, Ordering::Relaxed);
                *last_error = None;
                if is_failing {
                    tracing::info!("the metrics are pushed again");
                }
            }
            Err(error) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                if !is_failing {
                    let error: &(dyn Error + 'static) = &error;
                    tracing::warn!(error, "the metrics cannot be pushed; it is tried on");
                }
                *last_error = Some(Arc::new(error));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<PushError>>> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber, subscriber};

    use super::*;

    /// Keeps what is logged, one line an event.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<String>>);

    impl Subscriber for Log {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn event(&self, event: &Event<'_>) {
            let mut line = Line(event.metadata().level().to_string());
            event.record(&mut line);
            writeln!(self.0.lock().unwrap(), "{}", line.0).unwrap();
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    struct Line(String);

    impl Visit for Line {
        fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
            write!(self.0, " {value:?}").unwrap();
        }
    }

    fn refused(status: u16) -> Result<(), PushError> {
        Err(PushError::Refused { status, text: "no".to_owned() })
    }

    /// A gateway that is down for a night fills no disk.
    #[test]
    fn only_the_first_failure_of_a_row_is_logged() {
        let (log, report) = (Log::default(), Report::default());
        subscriber::with_default(log.clone(), || {
            for outcome in [Ok(()), refused(500), refused(501), Ok(()), Ok(()), refused(502)] {
                report.note(outcome);
            }
        });
        let text = log.0.lock().unwrap();
        let levels: Vec<&str> = text.lines().map(|line| &line[..4]).collect();
        assert_eq!(levels, ["WARN", "INFO", "WARN"], "{text}");
        assert!(text.contains("answered 500: no") && text.contains("answered 502: no"), "{text}");
    }

    /// What a handle shows.
    #[test]
    fn the_last_error_is_there_until_a_push_succeeds() {
        let report = Report::default();
        report.note(refused(500));
        report.note(refused(503));
        assert_eq!(report.last_error().and_then(|error| error.status()), Some(503));
        report.note(Ok(()));
        assert!(report.last_error().is_none());
        assert_eq!((report.succeeded(), report.failed()), (1, 2));
    }
}
