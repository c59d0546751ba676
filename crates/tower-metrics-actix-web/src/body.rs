//! The response body: bytes pass until it ends.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use pin_project_lite::pin_project;
use tower_metrics_core::request::{BodyPolled, RequestGuard};

pin_project! {
    /// A response body that ends its request when it ends.
    ///
    /// Chunks and size are those of `B`.
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        guard: RequestGuard,
    }
}

impl<B> ResponseBody<B> {
    pub(crate) fn new(inner: B, guard: RequestGuard) -> Self {
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
        let watch = this.guard.watch();
        let polled = this.inner.as_mut().poll_next(cx);
        watch.end();
        let Poll::Ready(chunk) = &polled else { return Poll::Pending };
        let step = match chunk {
            None => BodyPolled::Last(0),
            Some(Err(_)) => BodyPolled::Failed,
            // Of most bodies that are one chunk, nothing is left then.
            Some(Ok(bytes)) if this.inner.size().is_eof() => BodyPolled::Last(bytes.len() as u64),
            Some(Ok(bytes)) => BodyPolled::More(bytes.len() as u64),
        };
        this.guard.body_polled(step);
        polled
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { inner, mut guard } = self;
        let watch = guard.watch();
        let bytes = inner.try_into_bytes();
        watch.end();
        match bytes {
            Ok(bytes) => {
                guard.complete_with(bytes.len() as u64);
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
