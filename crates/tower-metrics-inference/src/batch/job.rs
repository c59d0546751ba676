//! The job itself.

use std::sync::Arc;

use quanta::Instant;
use tower_metrics_prometheus::Exporter;
use tower_metrics_push::{PushError, PushFuture, Pusher};

use super::builder::BatchJobBuilder;
use super::ending::Ending;
use super::error::BatchJobError;
use super::item::{BatchItem, Running};
use super::series::Series;
use super::status::ItemStatus;

/// A run over many items, which pushes what it has recorded when it ends.
///
/// Items may be processed one after the other or at once, on any threads and tasks; those that end
/// after the job are not pushed. See the [module docs](super).
///
/// # Cancellation
///
/// Dropped before it was told how it ended, also by a panic, the job has failed: what it has is
/// pushed, and its last success stays what it was. That blocks for no longer than the gateway's
/// [total timeout](tower_metrics_push::PushGateway::with_total_timeout), and never panics; a push
/// that fails is logged. In async code, [`fail`](Self::fail) holds up no thread.
#[derive(Debug)]
#[must_use = "dropping it says that the job has failed"]
pub struct BatchJob {
    series: Arc<Series>,
    exporter: Exporter,
    pusher: Option<Pusher>,
    began: Instant,
    has_ended: bool,
}

/// How a job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
}

impl BatchJob {
    /// Begins a job that records into an exporter of its own, and pushes nowhere.
    ///
    /// # Errors
    ///
    /// As for [`BatchJobBuilder::build`].
    pub fn new(model_name: impl Into<String>) -> Result<Self, BatchJobError> {
        Self::builder(model_name).build()
    }

    /// Configures a job that runs this model.
    pub fn builder(model_name: impl Into<String>) -> BatchJobBuilder {
        BatchJobBuilder::new(model_name.into())
    }

    pub(super) fn new_with(series: Series, exporter: Exporter, pusher: Option<Pusher>) -> Self {
        let (series, began) = (Arc::new(series), Instant::now());
        Self { series, exporter, pusher, began, has_ended: false }
    }

    /// The model's name.
    pub fn model_name(&self) -> &str {
        self.series.model()
    }

    /// The exporter that the job records into: for metrics of your own, and for the text that is
    /// pushed. A clone of it outlives the job.
    pub fn exporter(&self) -> &Exporter {
        &self.exporter
    }

    /// Processes an item: counts it as a success or an error, and times it.
    ///
    /// If `f` panics, that counts as an error, and the panic goes on.
    ///
    /// # Errors
    ///
    /// Those of `f`.
    pub fn item<T, E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        // Dropped by a panic, it counts as an error.
        let item = Running::start(Arc::clone(&self.series));
        let result = f();
        item.end(ItemStatus::of(&result));
        result
    }

    /// Processes an item in async code, as [`item`](Self::item) does. The item begins when the
    /// future is polled first; it does not borrow the job, so it can be spawned.
    ///
    /// # Cancellation
    ///
    /// See [`BatchItem`].
    pub fn item_async<F, T, E>(&self, future: F) -> BatchItem<F>
    where
        F: Future<Output = Result<T, E>>,
    {
        BatchItem::new(Arc::clone(&self.series), future)
    }

    /// Ends the job: it has succeeded, whatever became of its items. Replaces what the gateway has
    /// of it, if there is a gateway.
    ///
    /// # Errors
    ///
    /// The future fails with [`PushError`] when all attempts to push failed. What was recorded is
    /// still in the [exporter](Self::exporter).
    ///
    /// # Cancellation
    ///
    /// See [`Ending`].
    pub fn finish(self) -> Ending {
        Ending::new(self, Outcome::Success)
    }

    /// Does as [`finish`](Self::finish), and blocks meanwhile; inside of a runtime it works too,
    /// and holds up the tasks of its thread.
    ///
    /// # Errors
    ///
    /// As for [`finish`](Self::finish).
    pub fn finish_blocking(mut self) -> Result<(), PushError> {
        self.end_blocking(Outcome::Success)
    }

    /// Ends the job: it has failed, or was interrupted. What it has recorded is pushed; its last
    /// success, which the gateway may have of an earlier run, stays what it was.
    ///
    /// # Errors
    ///
    /// As for [`finish`](Self::finish).
    ///
    /// # Cancellation
    ///
    /// See [`Ending`].
    pub fn fail(self) -> Ending {
        Ending::new(self, Outcome::Failure)
    }

    /// Does as [`fail`](Self::fail), and blocks meanwhile.
    ///
    /// # Errors
    ///
    /// As for [`finish`](Self::finish).
    pub fn fail_blocking(mut self) -> Result<(), PushError> {
        self.end_blocking(Outcome::Failure)
    }

    /// Records the end, and returns the push that tells of it.
    pub(super) fn end(&mut self, outcome: Outcome) -> Option<PushFuture> {
        self.record_end(outcome);
        self.pusher.as_ref().map(|pusher| match outcome {
            Outcome::Success => pusher.push(&self.exporter),
            // What is not named stays: the last success.
            Outcome::Failure => pusher.add(&self.exporter),
        })
    }

    fn end_blocking(&mut self, outcome: Outcome) -> Result<(), PushError> {
        self.record_end(outcome);
        match (&self.pusher, outcome) {
            (None, _) => Ok(()),
            (Some(pusher), Outcome::Success) => pusher.push_blocking(&self.exporter),
            (Some(pusher), Outcome::Failure) => pusher.add_blocking(&self.exporter),
        }
    }

    fn record_end(&mut self, outcome: Outcome) {
        self.has_ended = true;
        self.series.set_duration(self.began.elapsed());
        if outcome == Outcome::Success {
            self.series.set_last_success();
        }
    }
}

impl Drop for BatchJob {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        if let Err(error) = self.end_blocking(Outcome::Failure) {
            let error: &(dyn std::error::Error + 'static) = &error;
            let model_name = self.model_name();
            tracing::error!(error, model_name, "the metrics of a batch job could not be pushed");
        }
    }
}
