//! The service: a request arrives.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::body::ResponseBody;
use super::future::ResponseFuture;
use super::shared::{Copies, Shared};
use crate::request::RequestGuard;

/// Measures the requests of `S`. See the [module docs](super).
pub struct MetricsService<S> {
    inner: S,
    shared: Source,
}

/// Where a service finds what it shares with the others of its layer.
enum Source {
    /// Nothing is to be measured.
    None,
    /// The layer's, as servers keep it and clone it for each request.
    Layer(Arc<Copies>),
    /// That of the thread on which the service was cloned; clones of this one stay with it, wherever
    /// they are used.
    Thread(Arc<Shared>),
}

impl<S> MetricsService<S> {
    pub(super) fn new(inner: S, shared: Option<Arc<Copies>>) -> Self {
        Self { inner, shared: shared.map_or(Source::None, Source::Layer) }
    }
}

impl Source {
    #[inline]
    fn get(&self) -> Option<&Arc<Shared>> {
        match self {
            Self::None => None,
            Self::Layer(copies) => Some(copies.own()),
            Self::Thread(shared) => Some(shared),
        }
    }

    /// Counts a request in, unless it is left out; and who finds labels in its response, if any are
    /// to be found there.
    #[inline]
    fn arrive<B>(&self, request: &mut Request<B>) -> (RequestGuard, Option<Arc<Shared>>) {
        let Some(shared) = self.get() else { return (RequestGuard::none(), None) };
        let labels = shared.has_response_labels.then(|| Arc::clone(shared));
        (shared.arrive(request), labels)
    }
}

impl Clone for Source {
    #[inline]
    fn clone(&self) -> Self {
        self.get().map_or(Self::None, |shared| Self::Thread(Arc::clone(shared)))
    }
}

impl<S: Clone> Clone for MetricsService<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: self.shared.clone() }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for MetricsService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Body,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        // Requests and futures are large: the less stands here, the less often they are moved.
        let (mut guard, labels) = self.shared.arrive(&mut request);
        let watch = guard.watch();
        let inner = self.inner.call(request);
        watch.end();
        ResponseFuture::new(inner, guard, labels)
    }
}

impl<S: fmt::Debug> fmt::Debug for MetricsService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
