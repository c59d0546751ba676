//! Futures that are timed or counted.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_metrics_core::request::on_unwind;

use super::durations::{Durations, Timer};
use super::in_flight::{InFlight, InFlightGuard};
use super::outcome::{HasOutcome, Outcome, OutcomeDurations, OutcomeTimer};

/// Extends every future by timing and counting.
///
/// All of it begins when the future is wrapped, and not when it is polled first: the time that a
/// task waits for a thread is time that somebody waits for the task.
///
/// # Cancellation
///
/// A future that is dropped before it is ready is recorded, with the time until then.
pub trait TimingExt: Future + Sized {
    /// Times the future, from now until it is ready, dropped, or panics.
    fn timed(self, durations: &Durations) -> Guarded<Self, Timer> {
        Guarded::new(self, durations.start())
    }

    /// Times the future as [`timed`](Self::timed) does, and records how it ends.
    fn timed_result(self, durations: &OutcomeDurations) -> TimedResult<Self>
    where
        Self::Output: HasOutcome,
    {
        TimedResult::new(self, durations.start())
    }

    /// Counts the future, from now until it is ready, dropped, or panics.
    fn in_flight(self, gauge: &InFlight) -> Guarded<Self, InFlightGuard> {
        Guarded::new(self, gauge.enter())
    }
}

impl<F: Future> TimingExt for F {}

pin_project! {
    /// A future that holds a guard until it is ready, dropped, or panics: a [`Timer`] or an
    /// [`InFlightGuard`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Guarded<F, G> {
        #[pin]
        inner: F,
        guard: Option<G>,
    }
}

impl<F, G> Guarded<F, G> {
    pub(super) fn new(inner: F, guard: G) -> Self {
        Self { inner, guard: Some(guard) }
    }
}

impl<F: Future, G> Future for Guarded<F, G> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        // A panic may be caught further out, where this is dropped much later.
        let output = ready!(on_unwind(|| this.inner.poll(cx), || drop(this.guard.take())));
        drop(this.guard.take());
        Poll::Ready(output)
    }
}

pin_project! {
    /// The future of [`TimingExt::timed_result`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct TimedResult<F> {
        #[pin]
        inner: F,
        timer: Option<OutcomeTimer>,
    }
}

impl<F> TimedResult<F> {
    pub(super) fn new(inner: F, timer: OutcomeTimer) -> Self {
        Self { inner, timer: Some(timer) }
    }
}

impl<F: Future<Output: HasOutcome>> Future for TimedResult<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut stop = |outcome| {
            if let Some(timer) = this.timer.take() {
                timer.stop(outcome);
            }
        };
        let result = ready!(on_unwind(|| this.inner.poll(cx), || stop(Outcome::Panic)));
        stop(result.outcome());
        Poll::Ready(result)
    }
}
