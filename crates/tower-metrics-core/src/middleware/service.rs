//! The service: a request arrives.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::body::ResponseBody;
use super::future::ResponseFuture;
use super::head::RequestHead;
use super::options::MetricsLayerOptions;
use super::request_body::ByteCount;
use crate::labels::{Route, RouteSlot};
use crate::request::{Instruments, RequestGuard};

/// Measures the requests of `S`. See the [module docs](super).
#[derive(Clone)]
pub struct MetricsService<S> {
    inner: S,
    shared: Option<Arc<Shared>>,
}

/// What all services of a layer share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) instruments: Instruments,
    pub(super) options: MetricsLayerOptions,
}

impl<S> MetricsService<S> {
    pub(super) fn new(inner: S, shared: Option<Arc<Shared>>) -> Self {
        Self { inner, shared }
    }
}

impl Shared {
    /// Counts a request in, unless it is excluded.
    fn arrive<B>(&self, request: &mut Request<B>) -> Option<RequestGuard> {
        let head = RequestHead::from(&*request);
        let route = self.options.routes.resolve(head);
        let route = route.as_deref().or_else(|| head.extensions.get().map(Route::as_str));
        if self.options.excludes(head, route) {
            return None;
        }
        let labels = self.options.request_labels(&self.instruments, head);
        let named = route.is_some();
        let mut guard = self.instruments.start(head.method.as_str(), route, labels);
        if !named {
            let slot = RouteSlot::default();
            request.extensions_mut().insert(slot.clone());
            guard.watch_slot(slot);
        }
        if self.instruments.measures_request_size() {
            let count = ByteCount::default();
            guard.watch_request_bytes(count.bytes());
            request.extensions_mut().insert(count);
        }
        Some(guard)
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

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let mut guard = self.shared.as_ref().and_then(|shared| shared.arrive(&mut request));
        let labels_response = |shared: &&Arc<Shared>| shared.options.has_response_labels();
        let labels = self.shared.as_ref().filter(labels_response).map(Arc::clone);
        let future = RequestGuard::watch_panic(&mut guard, || self.inner.call(request));
        ResponseFuture::new(future, guard, labels)
    }
}

impl<S: fmt::Debug> fmt::Debug for MetricsService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
