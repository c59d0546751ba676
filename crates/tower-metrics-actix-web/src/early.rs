//! The guard of a request that has not been routed yet.

use std::cell::OnceCell;
use std::mem;
use std::ptr;
use std::rc::Rc;

use actix_web::HttpMessage as _;
use actix_web::dev::{ResourceMap, ServiceRequest, ServiceResponse, Url};
use actix_web::http::uri::PathAndQuery;
use tower_metrics_core::Route;
use tower_metrics_core::request::{AbortReason, Instruments, RequestGuard};

/// The routes of an app, known from its first request on.
pub(crate) type Routes = Rc<OnceCell<ResourceMap>>;

/// Owns a request until its response is there.
///
/// actix-web knows the route only then; for a request that ends earlier it is looked up. What that
/// takes is kept here, and not the request itself: routing needs the only handle to it.
#[derive(Debug)]
pub(crate) struct EarlyGuard {
    guard: RequestGuard,
    /// What somebody further out named the route, for where the router knows none.
    named: Option<Route>,
    target: Target,
    routes: Routes,
}

/// The path of a request as the router sees it: with its escapes resolved.
#[derive(Debug)]
enum Target {
    /// There were none. Shares its memory with the request.
    Plain(Option<PathAndQuery>),
    Resolved(Box<str>),
}

impl Target {
    fn of(url: &Url) -> Self {
        if ptr::eq(url.path(), url.uri().path()) {
            Self::Plain(url.uri().path_and_query().cloned())
        } else {
            Self::Resolved(url.path().into())
        }
    }

    fn path(&self) -> &str {
        match self {
            Self::Plain(path) => path.as_ref().map_or("/", PathAndQuery::path),
            Self::Resolved(path) => path,
        }
    }
}

impl EarlyGuard {
    pub(crate) fn new(guard: RequestGuard, routes: &Routes, request: &ServiceRequest) -> Self {
        routes.get_or_init(|| request.resource_map().clone());
        Self {
            guard,
            named: request.extensions().get().cloned(),
            target: Target::of(request.match_info().get_ref()),
            routes: Rc::clone(routes),
        }
    }

    /// Gives the guard up, which knows its route now: there is a response, so the request was routed.
    pub(crate) fn routed<B>(
        &mut self,
        response: &ServiceResponse<B>,
        instruments: &Instruments,
    ) -> RequestGuard {
        let (request, mut guard) = (response.request(), mem::take(&mut self.guard));
        if let Some(route) = response.response().extensions().get::<Route>() {
            instruments.set_route(&mut guard, route.as_str());
        } else if let Some(pattern) = request.match_pattern() {
            instruments.set_route(&mut guard, &pattern);
        } else if let Some(route) = request.extensions().get::<Route>() {
            instruments.set_route(&mut guard, route.as_str());
        }
        guard
    }

    /// Ends the request in `early`: it panicked.
    pub(crate) fn panicked(early: &mut Option<Self>) {
        if let Some(early) = early {
            early.looked_up().abort(AbortReason::Panic);
        }
    }

    /// Gives the guard up, its route looked up by the path.
    pub(crate) fn looked_up(&mut self) -> RequestGuard {
        let mut guard = mem::take(&mut self.guard);
        if guard.is_none() {
            return guard;
        }
        let look_up = || self.routes.get()?.match_pattern(self.target.path());
        if let Some(pattern) = look_up() {
            guard.set_route(&pattern);
        } else if let Some(route) = &self.named {
            guard.set_route(route.as_str());
        }
        guard
    }
}

impl Drop for EarlyGuard {
    fn drop(&mut self) {
        drop(self.looked_up());
    }
}
