//! A request around a future.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_metrics_core::request::{on_unwind, unless_it_panics};

use super::guard::InferenceRequest;
use super::outcome::{RequestOutcome, Status};

pin_project! {
    /// A future that is measured as a request; see [`Model::observe`](crate::Model::observe).
    ///
    /// # Cancellation
    ///
    /// Dropped before it is ready, the request ends as a dropped [`InferenceRequest`] does.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct RequestFuture<F, C> {
        request: Option<InferenceRequest>,
        outcome: Option<C>,
        #[pin]
        future: F,
    }
}

impl<F, C> RequestFuture<F, C> {
    pub(crate) fn new(request: InferenceRequest, future: F, outcome: C) -> Self {
        Self { request: Some(request), outcome: Some(outcome), future }
    }
}

impl<F, C> Future for RequestFuture<F, C>
where
    F: Future,
    C: FnOnce(&F::Output) -> RequestOutcome<'_>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        // Whoever catches the panic further out may drop this when it is long over.
        let polled = on_unwind(
            || this.future.poll(cx),
            || {
                if let Some(request) = this.request.take() {
                    request.error(Status::PANIC);
                }
            },
        );
        let output = ready!(polled);
        if let (Some(mut request), Some(outcome)) = (this.request.take(), this.outcome.take()) {
            let outcome = unless_it_panics(|| outcome(&output));
            request.finish(outcome.unwrap_or(RequestOutcome::Error(Status::UNNAMED_ERROR)));
        }
        Poll::Ready(output)
    }
}
