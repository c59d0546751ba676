//! What the services and futures of a layer share: where a request is counted in.

use std::sync::Arc;

use http::request::Parts;
use http::{Extensions, Request};

use super::heads::{self, HttpHeads};
use super::request_body::ByteCount;
use super::resolver::RouteResolver;
use super::unmeasured::Unmeasured;
use crate::labels::{Method, Route, RouteSlot};
use crate::request::{ExtraLabels, Instruments, RequestGuard, Rules};
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
    measures_request_size: bool,
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
            measures_request_size: instruments.measures_request_size(),
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
    pub(super) fn arrive<B>(&self, request: &mut Request<B>) -> Option<RequestGuard> {
        if Unmeasured::is_in(request.extensions()) {
            return None;
        }
        let guard = if self.reads_heads {
            heads::with_request_head(request, |head| self.start_by_rules(head))?
        } else {
            let route = self.routes.find(request.uri(), request.extensions());
            let route = route.or_else(|| named_by_extension(request.extensions()));
            let (method, none) = (request.method(), ExtraLabels::default());
            self.instruments.start(known(method), method.as_str(), route, none)
        };
        Some(self.watch(guard, request))
    }

    /// Lets the guard see what services further in find out about the request.
    #[inline]
    fn watch<B>(&self, mut guard: RequestGuard, request: &mut Request<B>) -> RequestGuard {
        if !guard.is_routed() {
            // A layer further out may look into the same slot.
            let slot = request.extensions_mut().get_or_insert_with(RouteSlot::default).clone();
            guard.watch_slot(slot);
        }
        if self.measures_request_size {
            let count = request.extensions_mut().get_or_insert_with(ByteCount::default);
            guard.watch_request_bytes(count.bytes());
        }
        guard
    }

    fn start_by_rules(&self, request: &Parts) -> Option<RequestGuard> {
        let route = self.routes.resolve(request);
        let route = route.as_deref().or_else(|| named_by_extension(&request.extensions));
        if self.rules.excludes(request, route) {
            return None;
        }
        let labels = self.rules.request_labels(&self.instruments, request);
        let method = &request.method;
        Some(self.instruments.start(known(method), method.as_str(), route, labels))
    }
}

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
        _ => Method::from(method.as_str()),
    }
}
