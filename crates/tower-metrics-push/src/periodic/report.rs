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

/// What is other than after the push before.
#[derive(Debug)]
enum Change {
    Failed(Arc<PushError>),
    Recovered,
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

    /// Notes how a push ended, and logs it where that has changed: a gateway that is down for a
    /// night fills no disk.
    pub(super) fn note(&self, outcome: Result<(), PushError>) {
        match self.count(outcome) {
            Some(Change::Recovered) => tracing::info!("the metrics are pushed again"),
            Some(Change::Failed(error)) => {
                let error: &(dyn Error + 'static) = &*error;
                tracing::warn!(error, "the metrics cannot be pushed; it is tried on");
            }
            None => {}
        }
    }

    fn count(&self, outcome: Result<(), PushError>) -> Option<Change> {
        let mut last_error = self.lock();
        match outcome {
            Ok(()) => {
                self.succeeded.fetch_add(1, Ordering::Relaxed);
                last_error.take().map(|_| Change::Recovered)
            }
            Err(error) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                let error = Arc::new(error);
                let before = last_error.replace(Arc::clone(&error));
                before.is_none().then_some(Change::Failed(error))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<PushError>>> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> Result<(), PushError> {
        Err(PushError::Refused { status, text: "no".to_owned() })
    }

    /// The first failure of a row, and the success that ends it.
    #[test]
    fn only_what_has_changed_is_logged() {
        let report = Report::default();
        let changes = [Ok(()), refused(500), refused(501), Ok(()), Ok(()), refused(502)]
            .map(|outcome| report.count(outcome))
            .map(|change| match change? {
                Change::Failed(error) => error.status(),
                Change::Recovered => Some(200),
            });
        assert_eq!(changes, [None, Some(500), None, Some(200), None, Some(502)]);
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
