//! The future: a response comes, or does not.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Response, StatusCode, header};
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::{GRPC_STATUS, ResponseBody};
use crate::labels::{GrpcStatus, Method, Route};
use crate::request::{AbortReason, RequestGuard};

pin_project! {
    /// The response future of [`MetricsService`](super::MetricsService).
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        guard: Option<RequestGuard>,
        method: Method,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, guard: Option<RequestGuard>, method: Method) -> Self {
        Self { inner, guard, method }
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
        Poll::Ready(match result {
            Ok(response) => Ok(measure(response, guard, *this.method)),
            Err(error) => {
                if let Some(guard) = guard {
                    guard.abort(AbortReason::ServiceError);
                }
                Err(error)
            }
        })
    }
}

/// Hands the guard on to the body, or ends the request if nothing will be sent of the body.
fn measure<B: Body>(
    mut response: Response<B>,
    guard: Option<RequestGuard>,
    method: Method,
) -> Response<ResponseBody<B>> {
    let Some(mut guard) = guard else {
        return response.map(ResponseBody::unmeasured);
    };
    guard.response(response.status().as_u16());
    if let Some(route) = response.extensions_mut().remove::<Route>() {
        guard.set_route(route);
    }
    if let Some(status) = response.headers().get(GRPC_STATUS) {
        guard.grpc_status(GrpcStatus::from_bytes(status.as_bytes()));
    }
    if !has_body(method, response.status()) || response.body().is_end_stream() {
        guard.complete();
        return response.map(ResponseBody::unmeasured);
    }
    let length = content_length(&response);
    response.map(|body| ResponseBody::measured(body, guard, length))
}

/// Whether HTTP sends a body with this answer ([RFC 9110, section 6.4.1]); servers never poll the
/// one that is there all the same.
///
/// [RFC 9110, section 6.4.1]: https://www.rfc-editor.org/rfc/rfc9110#section-6.4.1
fn has_body(method: Method, status: StatusCode) -> bool {
    !(method == Method::Head
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
        || (method == Method::Connect && status.is_success()))
}

/// How many bytes the server will take from the body, if that is known.
fn content_length<B: Body>(response: &Response<B>) -> Option<u64> {
    match response.headers().get(header::CONTENT_LENGTH) {
        Some(length) => length.to_str().ok()?.parse().ok(),
        None => response.body().size_hint().exact(),
    }
}
