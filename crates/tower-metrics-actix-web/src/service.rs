//! The service: a request arrives.

use std::fmt;
use std::rc::Rc;

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, forward_ready};
use bytes::Bytes;
use tower_metrics_core::request::{Instruments, on_unwind};

use crate::body::ResponseBody;
use crate::early::{EarlyGuard, Routes};
use crate::future::ResponseFuture;
use crate::metrics::Serve;
use crate::payload;

/// Measures the requests of `S`. See the [crate docs](crate).
pub struct MetricsService<S> {
    inner: S,
    instruments: Option<Instruments>,
    serve: Option<Rc<Serve>>,
    routes: Routes,
}

impl<S> MetricsService<S> {
    pub(crate) fn new(
        inner: S,
        instruments: Option<Instruments>,
        serve: Option<Rc<Serve>>,
    ) -> Self {
        Self { inner, instruments, serve, routes: Routes::default() }
    }
}

impl<S> MetricsService<S> {
    fn arrive(&self, instruments: &Instruments, request: &mut ServiceRequest) -> EarlyGuard {
        let labels = instruments.extra_labels();
        let mut guard = instruments.start(request.method().as_str(), None, labels);
        if instruments.measures_request_size() {
            payload::count(request, &mut guard);
        }
        EarlyGuard::new(guard, &self.routes, request)
    }
}

impl<S, B> Service<ServiceRequest> for MetricsService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<ResponseBody<B>, Bytes>>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    forward_ready!(inner);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        if let Some(serve) = &self.serve
            && request.path() == &*serve.path
        {
            return ResponseFuture::answering(self.inner.call(request), Rc::clone(serve));
        }

        let mut early =
            self.instruments.as_ref().map(|instruments| self.arrive(instruments, &mut request));
        let future = on_unwind(|| self.inner.call(request), || EarlyGuard::panicked(&mut early));
        ResponseFuture::measuring(future, early)
    }
}

impl<S: fmt::Debug> fmt::Debug for MetricsService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
