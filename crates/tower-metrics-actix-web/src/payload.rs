//! The request body: bytes pass until somebody stops reading.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use actix_web::HttpMessage as _;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_core::Stream;
use tower_metrics_core::request::RequestGuard;

/// A request body whose bytes are counted as they are read.
struct CountedPayload {
    inner: Payload,
    bytes: Arc<AtomicU64>,
}

/// Counts the bytes that are read of the body of `request`, for `guard`.
pub(crate) fn count(request: &mut ServiceRequest, guard: &mut RequestGuard) {
    let bytes = Arc::<AtomicU64>::default();
    guard.watch_request_bytes(Arc::clone(&bytes));
    let inner = request.take_payload();
    request.set_payload(Payload::Stream { payload: Box::pin(CountedPayload { inner, bytes }) });
}

impl Stream for CountedPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = ready!(Pin::new(&mut self.inner).poll_next(cx));
        if let Some(Ok(chunk)) = &chunk {
            self.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        }
        Poll::Ready(chunk)
    }
}
