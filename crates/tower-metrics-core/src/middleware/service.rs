//! The service: a request arrives.

use std::fmt;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::body::ResponseBody;
use super::future::ResponseFuture;
use super::layer::FindRoute;
use super::request_body::ByteCount;
use crate::labels::{Method, Route, RouteSlot};
use crate::request::{Instruments, RequestGuard};

/// Measures the requests of `S`. See the [module docs](super).
#[derive(Clone)]
pub struct MetricsService<S> {
    inner: S,
    instruments: Instruments,
    find_route: FindRoute,
}

impl<S> MetricsService<S> {
    pub(super) fn new(inner: S, instruments: Instruments, find_route: FindRoute) -> Self {
        Self { inner, instruments, find_route }
    }

    fn arrive<B>(&self, request: &mut Request<B>) -> RequestGuard {
        let method = Method::from(request.method());
        let route = (self.find_route)(request.extensions())
            .or_else(|| request.extensions().get().map(Route::as_str));
        let named = route.is_some();
        let mut guard = self.instruments.start(method, route);
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
        guard
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
        let mut guard = Some(self.arrive(&mut request));
        let future = RequestGuard::watch_panic(&mut guard, || self.inner.call(request));
        ResponseFuture::new(future, guard)
    }
}

impl<S: fmt::Debug> fmt::Debug for MetricsService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
