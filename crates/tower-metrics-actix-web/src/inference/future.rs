//! The future: a response comes, or does not.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use pin_project_lite::pin_project;
use tower_metrics_inference::RequestOutcome;
use tower_metrics_inference::request::Exchange;

use super::body::InferenceBody;
use super::settings::Settings;
use crate::error::answer_to;

pin_project! {
    /// The response future of [`InferenceService`](crate::InferenceService).
    pub struct InferenceFuture<F> {
        #[pin]
        inner: F,
        exchange: Option<Exchange>,
        settings: Arc<Settings>,
    }
}

impl<F> InferenceFuture<F> {
    pub(super) fn new(inner: F, exchange: Option<Exchange>, settings: Arc<Settings>) -> Self {
        Self { inner, exchange, settings }
    }
}

impl<F, B> Future for InferenceFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<InferenceBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(Exchange::watch_panic(this.exchange, || this.inner.poll(cx)));
        let mut exchange = this.exchange.take();
        let result = match (result, &mut exchange) {
            (Ok(response), Some(exchange)) => Ok(this.settings.answer(response, exchange)),
            (Err(error), Some(exchange)) => {
                fail(&error, exchange);
                Err(error)
            }
            (result, None) => result,
        };
        Poll::Ready(
            result.map(|response| response.map_body(|_, body| InferenceBody::new(body, exchange))),
        )
    }
}

fn fail(error: &Error, exchange: &mut Exchange) {
    match answer_to(error) {
        (_, Some(reason)) => exchange.abort(reason),
        (status, None) => {
            let outcome = RequestOutcome::of_status_code(status.as_str());
            exchange.answer(status.as_u16(), outcome, Some(0));
        }
    }
}

impl<F> fmt::Debug for InferenceFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceFuture").finish_non_exhaustive()
    }
}
