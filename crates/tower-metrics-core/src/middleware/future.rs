//! The future: a response comes, or does not.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Response, header};
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::ResponseBody;
use super::heads;
use super::shared::Shared;
use super::unmeasured::Unmeasured;
use crate::labels::{GrpcStatus, Route};
use crate::request::{AbortReason, RequestGuard};

pin_project! {
    /// The response future of [`MetricsService`](super::MetricsService).
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        guard: RequestGuard,
        // Who finds labels in the response, if any are to be found there.
        labels: Option<Arc<Shared>>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, guard: RequestGuard, labels: Option<Arc<Shared>>) -> Self {
        Self { inner, guard, labels }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let watch = this.guard.watch();
        let mut polled = this.inner.poll(cx);
        watch.end();
        // A response is large: it is looked at where it lies, and moved once.
        match &mut polled {
            Poll::Ready(Ok(response)) => answered(response, this.guard, this.labels.as_deref()),
            Poll::Ready(Err(_)) => this.guard.abort(AbortReason::ServiceError),
            Poll::Pending => return Poll::Pending,
        }
        polled
            .map_ok(|response| response.map(|body| ResponseBody::new(body, mem::take(this.guard))))
    }
}

/// Tells the guard about the head, or ends the request if nothing will be sent of the body.
#[inline(never)]
fn answered<B: Body>(
    response: &mut Response<B>,
    guard: &mut RequestGuard,
    labels: Option<&Shared>,
) {
    if labels.is_some() || Unmeasured::is_used() {
        find_marks(response, guard, labels);
    }
    if !guard.is_none() && !is_sent_on(response, guard) {
        guard.complete();
    }
}

/// Looks for what the service inside says of the request in its response.
#[cold]
#[inline(never)]
fn find_marks<B>(response: &mut Response<B>, guard: &mut RequestGuard, labels: Option<&Shared>) {
    if Unmeasured::is_in(response.extensions()) {
        guard.discard();
    }
    if let Some(shared) = labels.filter(|_| !guard.is_none()) {
        heads::with_response_head(response, |head| {
            shared.rules.add_response_labels(&shared.instruments, head, guard);
        });
    }
}

/// Tells the guard about the head; `false` if nothing will be sent of the body.
fn is_sent_on<B: Body>(response: &Response<B>, guard: &mut RequestGuard) -> bool {
    guard.response(response.status().as_u16());
    if let Some(route) = response.extensions().get::<Route>() {
        guard.set_route(route.as_str());
    }
    if guard.wants_grpc_status()
        && let Some(status) = response.headers().get(GrpcStatus::HEADER)
    {
        guard.grpc_status(GrpcStatus::from_bytes(status.as_bytes()));
    }
    if !guard.sends_body() {
        return false;
    }
    let exact = response.body().size_hint().exact();
    // A body that has bytes to send is not over.
    if exact.is_none_or(|length| length == 0) && response.body().is_end_stream() {
        return false;
    }
    guard.expect_bytes(exact.or_else(|| content_length(response)));
    true
}

/// How many bytes the server will take from the body of a response, if that is known; for layers
/// that wait for its end.
pub fn content_length<B: Body>(response: &Response<B>) -> Option<u64> {
    response
        .body()
        .size_hint()
        .exact()
        .or_else(|| response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok())
}
