//! The response body: bytes pass until it ends.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::labels::GrpcStatus;
use crate::request::{BodyPolled, RequestGuard};

pin_project! {
    /// A response body that ends its request when it ends.
    ///
    /// Frames, trailers, size hint and end of stream are those of `B`. See the
    /// [module docs](super).
    #[derive(Debug, Default)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        guard: RequestGuard,
    }
}

impl<B> ResponseBody<B> {
    pub(super) fn new(inner: B, guard: RequestGuard) -> Self {
        Self { inner, guard }
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let watch = this.guard.watch();
        let polled = this.inner.as_mut().poll_frame(cx);
        watch.end();
        // Looked at in place, since a frame is large.
        let (Poll::Ready(frame), false) = (&polled, this.guard.is_none()) else {
            return polled;
        };
        let step = match frame {
            None => BodyPolled::Last(0),
            Some(Err(_)) => BodyPolled::Failed,
            Some(Ok(frame)) => {
                let trailers = frame.trailers_ref();
                if this.guard.wants_grpc_status()
                    && let Some(status) =
                        trailers.and_then(|trailers| trailers.get(GrpcStatus::HEADER))
                {
                    this.guard.grpc_status(GrpcStatus::from_bytes(status.as_bytes()));
                }
                let bytes = frame.data_ref().map_or(0, |data| data.remaining() as u64);
                // Servers poll neither behind trailers nor behind the end of the stream.
                let is_last = trailers.is_some() || this.inner.is_end_stream();
                if is_last { BodyPolled::Last(bytes) } else { BodyPolled::More(bytes) }
            }
        };
        this.guard.body_polled(step);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
