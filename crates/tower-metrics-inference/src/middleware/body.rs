//! The response body: bytes pass until it ends.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_metrics_core::request::AbortReason;

use crate::request::Exchange;

pin_project! {
    /// A response body that ends its request when it ends.
    ///
    /// Frames, trailers, size hint and end of stream are those of `B`. See the
    /// [module docs](super).
    #[derive(Debug, Default)]
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

impl<B: Body> Body for InferenceBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let polled = Exchange::watch_panic(this.exchange, || this.inner.as_mut().poll_frame(cx));
        let frame = ready!(polled);
        let Some(exchange) = this.exchange else {
            return Poll::Ready(frame);
        };
        match &frame {
            None => exchange.complete(),
            Some(Err(_)) => exchange.abort(AbortReason::BodyError),
            Some(Ok(frame)) => {
                exchange.sent(frame.data_ref().map_or(0, |data| data.remaining() as u64));
                // Servers poll neither behind trailers nor behind the end of the stream.
                if frame.is_trailers() || this.inner.is_end_stream() {
                    exchange.complete();
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
