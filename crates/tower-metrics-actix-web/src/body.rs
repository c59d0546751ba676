//! The response body: bytes pass until it ends.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use pin_project_lite::pin_project;
use tower_metrics_core::request::{AbortReason, RequestGuard};

pin_project! {
    /// A response body that ends its request when it ends.
    ///
    /// Chunks and size are those of `B`.
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        guard: Option<RequestGuard>,
    }
}

impl<B> ResponseBody<B> {
    pub(crate) fn new(inner: B, guard: Option<RequestGuard>) -> Self {
        Self { inner, guard }
    }
}

impl<B: MessageBody> MessageBody for ResponseBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.inner.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        let mut this = self.project();
        let polled = RequestGuard::watch_panic(this.guard, || this.inner.as_mut().poll_next(cx));
        let Poll::Ready(chunk) = &polled else { return Poll::Pending };
        // What ends the request, with this chunk or the end of them.
        let end = match chunk {
            None => Some(Ok(0)),
            Some(Err(_)) => Some(Err(AbortReason::BodyError)),
            Some(Ok(bytes)) => {
                let bytes = bytes.len() as u64;
                // Of most bodies that are one chunk, nothing is left then.
                if this.inner.size().is_eof() {
                    Some(Ok(bytes))
                } else {
                    if let Some(guard) = this.guard.as_mut() {
                        guard.sent(bytes);
                    }
                    None
                }
            }
        };
        if let Some(end) = end
            && let Some(guard) = this.guard.take()
        {
            match end {
                Ok(bytes) => guard.complete_with(bytes),
                Err(reason) => guard.abort(reason),
            }
        }
        polled
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { inner, mut guard } = self;
        match RequestGuard::watch_panic(&mut guard, || inner.try_into_bytes()) {
            Ok(bytes) => {
                if let Some(guard) = guard {
                    guard.complete_with(bytes.len() as u64);
                }
                Ok(bytes)
            }
            Err(inner) => Err(Self { inner, guard }),
        }
    }
}

impl<B> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}
