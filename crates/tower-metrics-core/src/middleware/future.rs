//! The future: a response comes, or does not.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Response, header};
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::ResponseBody;
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
        guard: Option<RequestGuard>,
        // Who finds labels in the response, if any are to be found there.
        labels: Option<Arc<Shared>>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, guard: Option<RequestGuard>, labels: Option<Arc<Shared>>) -> Self {
        Self { inner, guard, labels }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(RequestGuard::watch_panic(this.guard, || this.inner.poll(cx)));
        let mut response = match result {
            Ok(response) => response,
            Err(error) => {
                if let Some(guard) = this.guard.take() {
                    guard.abort(AbortReason::ServiceError);
                }
                return Poll::Ready(Err(error));
            }
        };
        if let Some(guard) = this.guard.take_if(|_| Unmeasured::is_in(response.extensions())) {
            guard.discard();
        }
        if let (Some(guard), Some(shared)) = (this.guard.as_mut(), this.labels.take()) {
            let (head, body) = response.into_parts();
            shared.rules.add_response_labels(&shared.instruments, &head, guard);
            response = Response::from_parts(head, body);
        }
        if let Some(guard) = this.guard.take_if(|guard| !is_sent_on(&response, guard)) {
            guard.complete();
        }
        Poll::Ready(Ok(response.map(|body| ResponseBody::new(body, this.guard.take()))))
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
