//! What the services and futures of a layer share: where a request is counted in.

use std::sync::Arc;

use http::request::Parts;
use http::{Extensions, Request};

use super::heads::{self, HttpHeads};
use super::request_body::ByteCount;
use super::resolver::RouteResolver;
use super::unmeasured::Unmeasured;
use crate::labels::{Method, Route, RouteSlot};
use crate::request::{Instruments, RequestGuard, Rules};
use crate::threads::{self, PerThread};

/// What all services of a layer share, for each thread apart: a request counts up and down who uses
/// it, and threads that do so in the same place wait for each other.
#[derive(Debug)]
pub(super) struct Copies {
    original: Shared,
    copies: PerThread<Arc<Shared>>,
}

impl Copies {
    pub(super) fn new(original: Shared) -> Self {
        Self { original, copies: PerThread::new() }
    }

    /// The calling thread's copy.
    #[inline]
    pub(super) fn own(&self) -> &Arc<Shared> {
        self.copies.get_or_init(threads::place(), || Arc::new(self.original.with_own_cache()))
    }
}

/// One thread's copy of what all services of a layer share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) instruments: Instruments,
    pub(super) rules: Rules<HttpHeads>,
    routes: RouteResolver,
    /// Whether anything looks at the whole head of a request.
    reads_heads: bool,
    /// Whether a request is known by its method and its route, and by nothing else.
    is_plain: bool,
    pub(super) has_response_labels: bool,
}

impl Shared {
    pub(super) fn new(
        instruments: Instruments,
        rules: Rules<HttpHeads>,
        routes: RouteResolver,
    ) -> Self {
        let reads_heads =
            !rules.is_empty() || routes.is_function() || instruments.labels_by_protocol();
        Self {
            is_plain: !reads_heads && !instruments.measures_request_size(),
            has_response_labels: rules.has_response_labels(),
            instruments,
            rules,
            routes,
            reads_heads,
        }
    }

    fn with_own_cache(&self) -> Self {
        Self::new(self.instruments.with_own_cache(), self.rules.clone(), self.routes.clone())
    }

    /// Counts a request in, unless it is left out.
    #[inline]
    pub(super) fn arrive<B>(&self, request: &mut Request<B>) -> RequestGuard {
        let mut guard = if self.is_plain && !Unmeasured::is_used() {
            self.start_plain(request)
        } else {
            self.start_by_rules(request)
        };
        if !guard.is_routed() {
            watch_slot(&mut guard, request.extensions_mut());
        }
        guard
    }

    #[inline]
    fn start_plain<B>(&self, request: &Request<B>) -> RequestGuard {
        let route = self.routes.find(request.uri(), request.extensions());
        let route = route.or_else(|| named_by_extension(request.extensions()));
        self.start(request.method(), route, &[])
    }

    /// Counts a request in. Compiled once, for all types of bodies and with all that it calls.
    #[inline(never)]
    fn start(
        &self,
        method: &http::Method,
        route: Option<&str>,
        in_flight_labels: &[Arc<str>],
    ) -> RequestGuard {
        self.instruments.start_in(known(method), method, route, in_flight_labels)
    }

    #[cold]
    #[inline(never)]
    fn start_by_rules<B>(&self, request: &mut Request<B>) -> RequestGuard {
        if Unmeasured::is_in(request.extensions()) {
            return RequestGuard::none();
        }
        let mut guard = if self.reads_heads {
            heads::with_request_head(request, |head| self.start_by_head(head))
        } else {
            self.start_plain(request)
        };
        if self.instruments.measures_request_size() && !guard.is_none() {
            let count = request.extensions_mut().get_or_insert_with(ByteCount::default);
            guard.watch_request_bytes(count.bytes());
        }
        guard
    }

    fn start_by_head(&self, request: &Parts) -> RequestGuard {
        let route = self.routes.resolve(request);
        let route = route.as_deref().or_else(|| named_by_extension(&request.extensions));
        if self.rules.excludes(request, route) {
            return RequestGuard::none();
        }
        let labels = self.rules.request_labels(&self.instruments, request);
        let in_flight_labels = self.instruments.in_flight_labels(&labels);
        let mut guard = self.start(&request.method, route, in_flight_labels);
        guard.set_labels(labels);
        guard
    }
}

/// Lets the guard see what services further in find out about the route.
#[cold]
fn watch_slot(guard: &mut RequestGuard, extensions: &mut Extensions) {
    // A layer further out may look into the same slot.
    guard.watch_slot(extensions.get_or_insert_with(RouteSlot::default).clone());
}

#[cold]
fn named_by_extension(extensions: &Extensions) -> Option<&str> {
    extensions.get().map(Route::as_str)
}

/// The method as it is known, by its number where that is the standard's.
#[inline]
fn known(method: &http::Method) -> Method {
    match *method {
        http::Method::GET => Method::Get,
        http::Method::POST => Method::Post,
        http::Method::PUT => Method::Put,
        http::Method::DELETE => Method::Delete,
        http::Method::PATCH => Method::Patch,
        http::Method::HEAD => Method::Head,
        http::Method::OPTIONS => Method::Options,
        _ => known_by_name(method),
    }
}

#[cold]
fn known_by_name(method: &http::Method) -> Method {
    Method::from(method.as_str())
}
