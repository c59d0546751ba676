//! The service: a request arrives.

use std::fmt;
use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, forward_ready};
use actix_web::{Error, HttpMessage as _};
use tower_metrics_core::Route;
use tower_metrics_core::labels::Method;
use tower_metrics_core::middleware::Unmeasured;
use tower_metrics_core::request::OnUnwind;

use crate::body::ResponseBody;
use crate::early::{EarlyGuard, Routes};
use crate::future::ResponseFuture;
use crate::payload;
use crate::scrape_body::ScrapeBody;
use crate::shared::{Serve, Shared};

/// Measures the requests of `S`. See the [crate docs](crate).
pub struct MetricsService<S> {
    inner: S,
    shared: Rc<Shared>,
    routes: Routes,
}

impl<S> MetricsService<S> {
    pub(crate) fn new(inner: S, shared: Shared) -> Self {
        Self { inner, shared: Rc::new(shared), routes: Routes::default() }
    }

    /// Counts a request in, unless it is left out.
    fn arrive(&self, request: &mut ServiceRequest) -> Option<EarlyGuard> {
        let Shared { instruments, rules, .. } = &*self.shared;
        let instruments = instruments.as_ref()?;
        let route = if rules.excludes_endpoints() { route(request) } else { None };
        if (Unmeasured::is_used() && request.extensions().contains::<Unmeasured>())
            || rules.excludes(request, route.as_deref())
        {
            return None;
        }
        let labels = rules.request_labels(instruments, request);
        let method = request.method().as_str();
        let mut guard = instruments.start(Method::from(method), method, None, labels);
        if instruments.measures_request_size() {
            payload::count(request, &mut guard);
        }
        Some(EarlyGuard::new(guard, &self.routes, request))
    }
}

impl<S, B> Service<ServiceRequest> for MetricsService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<ResponseBody<B>, ScrapeBody>>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    forward_ready!(inner);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let served = |serve: &Serve| *request.path() == *serve.path;
        if self.shared.serve.as_ref().is_some_and(served) {
            return ResponseFuture::answering(self.inner.call(request), Rc::clone(&self.shared));
        }
        let mut early = self.arrive(&mut request);
        let watch = OnUnwind::new(|| EarlyGuard::panicked(&mut early));
        let future = self.inner.call(request);
        watch.end();
        ResponseFuture::measuring(future, early, Rc::clone(&self.shared))
    }
}

/// The route that a request will meet, so far as its path says, else the one that was named.
fn route(request: &ServiceRequest) -> Option<String> {
    // Routing takes the path with its escapes resolved; `match_pattern` does not.
    let resolved = || request.resource_map().match_pattern(request.match_info().as_str());
    let named = || request.extensions().get().map(|route: &Route| route.as_str().to_owned());
    request.match_pattern().or_else(resolved).or_else(named)
}

impl<S: fmt::Debug> fmt::Debug for MetricsService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
