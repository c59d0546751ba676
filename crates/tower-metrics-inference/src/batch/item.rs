//! The items of a job.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use quanta::Instant;
use tower_metrics_core::request::on_unwind;

use super::series::Series;
use super::status::ItemStatus;
use crate::unwinding::Unwinding;

/// An item that has begun, and is recorded once.
#[derive(Debug)]
pub(super) struct Running {
    series: Arc<Series>,
    began: Instant,
    has_ended: bool,
    unwinding: Unwinding,
}

impl Running {
    pub(super) fn start(series: Arc<Series>) -> Self {
        Self { series, began: Instant::now(), has_ended: false, unwinding: Unwinding::watch() }
    }

    pub(super) fn end(mut self, status: ItemStatus) {
        self.record(status);
    }

    fn record(&mut self, status: ItemStatus) {
        self.has_ended = true;
        self.series.item(self.began, status);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.has_ended {
            let panicked = self.unwinding.has_begun();
            self.record(if panicked { ItemStatus::Error } else { ItemStatus::Cancelled });
        }
    }
}

pin_project! {
    /// A future that is measured as an item; see [`BatchJob::item_async`](super::BatchJob::item_async).
    ///
    /// # Cancellation
    ///
    /// Dropped before it is ready, the item counts as [`Cancelled`](ItemStatus::Cancelled), or as
    /// [`Error`](ItemStatus::Error) if it is dropped by a panic; if it was never polled, it has not
    /// begun, and is not counted.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct BatchItem<F> {
        series: Option<Arc<Series>>,
        running: Option<Running>,
        #[pin]
        future: F,
    }
}

impl<F> BatchItem<F> {
    pub(super) fn new(series: Arc<Series>, future: F) -> Self {
        Self { series: Some(series), running: None, future }
    }
}

impl<F, T, E> Future for BatchItem<F>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(series) = this.series.take() {
            *this.running = Some(Running::start(series));
        }
        // Whoever catches the panic further out may drop this when it is long over.
        let polled = on_unwind(|| this.future.poll(cx), || drop(this.running.take()));
        let result = ready!(polled);
        if let Some(running) = this.running.take() {
            running.end(ItemStatus::of(&result));
        }
        Poll::Ready(result)
    }
}
