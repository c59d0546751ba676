//! The request body: bytes pass until somebody stops reading.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::request::RequestGuard;

/// Counts the bytes read from request bodies, for `http_request_size_bytes`.
///
/// Goes inside a [`MetricsLayer`](crate::MetricsLayer) that was built
/// [`with_request_size`](crate::Builder::with_request_size); anywhere else it does nothing. It is a
/// layer of its own because it changes the type of the request's body.
///
/// ```
/// use tower_metrics_core::{Buckets, MetricsLayer, RequestSizeLayer};
/// # use tower_layer::Layer;
/// # let service = ();
///
/// let metrics = MetricsLayer::builder().with_request_size(Buckets::sizes()).build()?;
/// let service = metrics.layer(RequestSizeLayer::new().layer(service));
/// # Ok::<(), tower_metrics_core::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "a layer does nothing until it is around a service"]
#[non_exhaustive]
pub struct RequestSizeLayer;

impl RequestSizeLayer {
    /// Makes the layer.
    pub const fn new() -> Self {
        Self
    }
}

/// The service of [`RequestSizeLayer`].
#[derive(Clone, Debug)]
pub struct RequestSizeService<S> {
    inner: S,
}

pin_project! {
    /// A request body whose bytes are counted as they are read.
    #[derive(Debug, Default)]
    pub struct RequestBody<B> {
        #[pin]
        inner: B,
        count: Option<ByteCount>,
    }
}

/// The bytes read so far; travels in the request's extensions to whoever counts them.
#[derive(Clone, Debug)]
pub(super) struct ByteCount {
    bytes: Arc<AtomicU64>,
}

impl Default for ByteCount {
    fn default() -> Self {
        Self { bytes: Arc::new(AtomicU64::new(RequestGuard::UNCOUNTED)) }
    }
}

impl ByteCount {
    /// Begins to count, for the first who does.
    fn begin(&self) {
        let _ = self.bytes.compare_exchange(
            RequestGuard::UNCOUNTED,
            0,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }

    pub(super) fn bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes)
    }
}

impl<S> Layer<S> for RequestSizeLayer {
    type Service = RequestSizeService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequestSizeService { inner }
    }
}

impl<S, B> Service<Request<B>> for RequestSizeService<S>
where
    S: Service<Request<RequestBody<B>>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let count = request.extensions_mut().remove::<ByteCount>();
        if let Some(count) = &count {
            count.begin();
        }
        self.inner.call(request.map(|inner| RequestBody { inner, count }))
    }
}

impl<B: Body> Body for RequestBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(cx));
        if let (Some(count), Some(Ok(frame))) = (this.count, &frame)
            && let Some(data) = frame.data_ref()
        {
            count.bytes.fetch_add(data.remaining() as u64, Ordering::Relaxed);
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
