//! The service: a request arrives.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Extensions, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::body::ResponseBody;
use super::future::ResponseFuture;
use super::heads::HttpHeads;
use super::request_body::ByteCount;
use super::resolver::RouteResolver;
use super::unmeasured::Unmeasured;
use crate::labels::{Route, RouteSlot};
use crate::request::{ExtraLabels, Instruments, RequestGuard, Rules};

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
    pub(super) rules: Rules<HttpHeads>,
    routes: RouteResolver,
    /// Whether anything looks at the whole head of a request.
    reads_heads: bool,
}

impl<S> MetricsService<S> {
    pub(super) fn new(inner: S, shared: Option<Arc<Shared>>) -> Self {
        Self { inner, shared }
    }
}

impl Shared {
    pub(super) fn new(
        instruments: Instruments,
        rules: Rules<HttpHeads>,
        routes: RouteResolver,
    ) -> Self {
        let reads_heads =
            !rules.is_empty() || routes.is_function() || instruments.labels_by_protocol();
        Self { instruments, rules, routes, reads_heads }
    }

    /// Counts a request in, unless it is left out.
    fn arrive<B>(&self, mut request: Request<B>) -> (Request<B>, Option<RequestGuard>) {
        if request.extensions().get::<Unmeasured>().is_some() {
            return (request, None);
        }
        let mut guard = if self.reads_heads {
            let (head, body) = request.into_parts();
            let guard = self.start_by_rules(&head);
            request = Request::from_parts(head, body);
            let Some(guard) = guard else {
                return (request, None);
            };
            guard
        } else {
            let route = self.routes.find(request.uri(), request.extensions());
            let route = route.or_else(|| named_by_extension(request.extensions()));
            self.instruments.start(request.method().as_str(), route, ExtraLabels::default())
        };
        if !guard.is_routed() {
            // A layer further out may look into the same slot.
            let slot = request.extensions_mut().get_or_insert_with(RouteSlot::default).clone();
            guard.watch_slot(slot);
        }
        if self.instruments.measures_request_size() {
            let count = request.extensions_mut().get_or_insert_with(ByteCount::default);
            guard.watch_request_bytes(count.bytes());
        }
        (request, Some(guard))
    }

    fn start_by_rules(&self, request: &Parts) -> Option<RequestGuard> {
        let route = self.routes.resolve(request);
        let route = route.as_deref().or_else(|| named_by_extension(&request.extensions));
        if self.rules.excludes(request, route) {
            return None;
        }
        let labels = self.rules.request_labels(&self.instruments, request);
        Some(self.instruments.start(request.method.as_str(), route, labels))
    }
}

fn named_by_extension(extensions: &Extensions) -> Option<&str> {
    extensions.get().map(Route::as_str)
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

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let Some(shared) = &self.shared else {
            return ResponseFuture::new(self.inner.call(request), None, None);
        };
        let (request, mut guard) = shared.arrive(request);
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
