//! The response body: bytes pass until it ends.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use pin_project_lite::pin_project;
use tower_metrics_core::request::AbortReason;
use tower_metrics_inference::request::Exchange;

pin_project! {
    /// A response body that ends its request when it ends.
    ///
    /// Chunks and size are those of `B`.
    pub struct InferenceBody<B> {
        #[pin]
        inner: B,
        exchange: Option<Exchange>,
    }
}

impl<B> InferenceBody<B> {
    pub(super) fn new(inner: B, exchange: Option<Exchange>) -> Self {
        Self { inner, exchange }
    }
}

impl<B: MessageBody> MessageBody for InferenceBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.inner.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        let chunk = ready!(Exchange::watch_panic(this.exchange, || this.inner.poll_next(cx)));
        if let Some(exchange) = this.exchange {
            match &chunk {
                None => exchange.complete(),
                Some(Err(_)) => exchange.abort(AbortReason::BodyError),
                Some(Ok(bytes)) => exchange.sent(bytes.len() as u64),
            }
        }
        Poll::Ready(chunk)
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { inner, mut exchange } = self;
        match Exchange::watch_panic(&mut exchange, || inner.try_into_bytes()) {
            Ok(bytes) => {
                if let Some(exchange) = &mut exchange {
                    exchange.complete();
                }
                Ok(bytes)
            }
            Err(inner) => Err(Self { inner, exchange }),
        }
    }
}

impl<B> fmt::Debug for InferenceBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceBody").finish_non_exhaustive()
    }
}
