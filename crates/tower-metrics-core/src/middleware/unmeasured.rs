//! Requests that leave no trace.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use http::{Extensions, Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// Marks a request, or its response, as one that is not measured.
///
/// In a request's extensions, set before the [`MetricsLayer`](crate::MetricsLayer) sees it, it keeps
/// the request out of every metric. In a response's extensions — where a handler or an
/// [`UnmeasuredLayer`] puts it — the request is forgotten when the response comes: it was in flight
/// until then, and is counted if there is no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unmeasured;

static IS_USED: AtomicBool = AtomicBool::new(false);

impl Unmeasured {
    /// Makes the mark.
    pub fn new() -> Self {
        IS_USED.store(true, Ordering::Relaxed);
        Self
    }

    /// Whether any mark was ever made; saves the look-ups of those who need none.
    #[doc(hidden)]
    #[inline]
    pub fn is_used() -> bool {
        IS_USED.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn is_in(extensions: &Extensions) -> bool {
        Self::is_used() && extensions.get::<Self>().is_some()
    }
}

impl Default for Unmeasured {
    fn default() -> Self {
        Self::new()
    }
}

/// Leaves out the requests of the service inside, a single route for example: marks its responses
/// [`Unmeasured`]. Goes inside a [`MetricsLayer`](crate::MetricsLayer).
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "a layer does nothing until it is around a service"]
#[non_exhaustive]
pub struct UnmeasuredLayer;

impl UnmeasuredLayer {
    /// Makes the layer.
    pub const fn new() -> Self {
        Self
    }
}

/// The service of [`UnmeasuredLayer`].
#[derive(Clone, Debug)]
pub struct UnmeasuredService<S> {
    inner: S,
}

pin_project! {
    /// The response future of [`UnmeasuredService`].
    #[derive(Debug)]
    pub struct UnmeasuredFuture<F> {
        #[pin]
        inner: F,
    }
}

impl<S> Layer<S> for UnmeasuredLayer {
    type Service = UnmeasuredService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        UnmeasuredService { inner }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for UnmeasuredService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = UnmeasuredFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        UnmeasuredFuture { inner: self.inner.call(request) }
    }
}

impl<F, B, E> Future for UnmeasuredFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(self.project().inner.poll(cx));
        Poll::Ready(result.map(|mut response| {
            response.extensions_mut().insert(Unmeasured::new());
            response
        }))
    }
}
