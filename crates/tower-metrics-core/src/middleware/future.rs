//! The future: a response comes, or does not.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Response, header};
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::{GRPC_STATUS, ResponseBody};
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
        let guard = this.guard.take();
        Poll::Ready(match (result, guard) {
            (Ok(response), Some(guard)) if is_unmeasured(&response) => {
                guard.discard();
                Ok(response.map(|body| ResponseBody::new(body, None)))
            }
            (Ok(mut response), Some(mut guard)) => {
                if let Some(shared) = this.labels.take() {
                    let (head, body) = response.into_parts();
                    shared.rules.add_response_labels(&shared.instruments, &head, &mut guard);
                    response = Response::from_parts(head, body);
                }
                let guard = measure(&response, guard);
                Ok(response.map(|body| ResponseBody::new(body, guard)))
            }
            (Ok(response), None) => Ok(response.map(|body| ResponseBody::new(body, None))),
            (Err(error), guard) => {
                if let Some(guard) = guard {
                    guard.abort(AbortReason::ServiceError);
                }
                Err(error)
            }
        })
    }
}

fn is_unmeasured<B>(response: &Response<B>) -> bool {
    response.extensions().get::<Unmeasured>().is_some()
}

/// Tells the guard about the head; gives it back unless nothing will be sent of the body.
fn measure<B: Body>(response: &Response<B>, mut guard: RequestGuard) -> Option<RequestGuard> {
    guard.response(response.status().as_u16());
    if let Some(route) = response.extensions().get::<Route>() {
        guard.set_route(route.as_str());
    }
    if guard.wants_grpc_status()
        && let Some(status) = response.headers().get(GRPC_STATUS)
    {
        guard.grpc_status(GrpcStatus::from_bytes(status.as_bytes()));
    }
    if !guard.sends_body() || response.body().is_end_stream() {
        guard.complete();
        return None;
    }
    guard.expect_bytes(content_length(response));
    Some(guard)
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
