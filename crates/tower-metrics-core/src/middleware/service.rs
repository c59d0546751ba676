//! The service: a request arrives.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::body::ResponseBody;
use super::future::ResponseFuture;
use super::shared::Shared;
use crate::request::RequestGuard;

/// Measures the requests of `S`. See the [module docs](super).
#[derive(Clone)]
pub struct MetricsService<S> {
    inner: S,
    shared: Option<Arc<Shared>>,
}

impl<S> MetricsService<S> {
    pub(super) fn new(inner: S, shared: Option<Arc<Shared>>) -> Self {
        Self { inner, shared }
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
        let Some(shared) = &self.shared else {
            return ResponseFuture::new(self.inner.call(request), None, None);
        };
        // Requests are large, so they are taken apart only where somebody needs that.
        let mut guard = if shared.reads_heads() {
            let (same, guard) = shared.arrive_by_rules(request);
            request = same;
            guard
        } else {
            shared.arrive(&mut request)
        };
        let labels = shared.rules.has_response_labels().then(|| Arc::clone(shared));
        let future = RequestGuard::watch_panic(&mut guard, || self.inner.call(request));
        ResponseFuture::new(future, guard, labels)
    }
}

impl<S: fmt::Debug> fmt::Debug for MetricsService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
