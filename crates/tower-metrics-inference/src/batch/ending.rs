//! The end of a job that somebody awaits.

use std::pin::Pin;
use std::task::{Context, Poll};

use tower_metrics_push::{PushError, PushFuture};

use super::job::{BatchJob, Outcome};

/// The end of a job: made by [`BatchJob::finish`] and [`BatchJob::fail`].
///
/// Works on any executor. The job goes on until this is first polled.
///
/// # Cancellation
///
/// Dropped before it was polled, it drops the job, which has failed then. Dropped while it pushes,
/// it gives up, as a [`PushFuture`] does.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled, and dropping this one says that the job has failed"]
pub struct Ending {
    outcome: Outcome,
    job: Option<BatchJob>,
    push: Option<PushFuture>,
}

impl Ending {
    pub(super) fn new(job: BatchJob, outcome: Outcome) -> Self {
        Self { outcome, job: Some(job), push: None }
    }
}

impl Future for Ending {
    type Output = Result<(), PushError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(mut job) = self.job.take() {
            self.push = job.end(self.outcome);
        }
        match &mut self.push {
            Some(push) => Pin::new(push).poll(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}
