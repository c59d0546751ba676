//! The future: a response comes, or does not.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;
use tower_metrics_core::request::AbortReason;

use super::body::InferenceBody;
use super::shared::Shared;
use crate::request::Exchange;

pin_project! {
    /// The response future of [`InferenceService`](super::InferenceService).
    #[derive(Debug)]
    pub struct InferenceFuture<F> {
        #[pin]
        inner: F,
        exchange: Option<Exchange>,
        shared: Arc<Shared>,
    }
}

impl<F> InferenceFuture<F> {
    pub(super) fn new(inner: F, exchange: Option<Exchange>, shared: Arc<Shared>) -> Self {
        Self { inner, exchange, shared }
    }
}

impl<F, B, E> Future for InferenceFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<InferenceBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(Exchange::watch_panic(this.exchange, || this.inner.poll(cx)));
        let mut exchange = this.exchange.take();
        let result = match (result, &mut exchange) {
            (Ok(response), Some(exchange)) => Ok(this.shared.answer(response, exchange)),
            (Err(error), Some(exchange)) => {
                exchange.abort(AbortReason::ServiceError);
                Err(error)
            }
            (result, None) => result,
        };
        Poll::Ready(result.map(|response| response.map(|body| InferenceBody::new(body, exchange))))
    }
}
