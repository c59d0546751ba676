//! The guard that owns a request from its arrival to its end.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::clock::Ticks;
use super::endpoints::Endpoints;
use super::extra::ExtraLabels;
use super::outcome::{AbortReason, Ending, Measurements};
use super::series::Series;
use crate::labels::{GrpcStatus, Method, Route, RouteSlot};

/// Owns a request from its arrival to its end, and records it once when it ends.
///
/// Made by [`Instruments::start`](super::Instruments::start). The request ends with
/// [`complete`](Self::complete) or [`abort`](Self::abort), or when the guard is dropped:
///
/// # Cancellation
///
/// A guard dropped before [`response`](Self::response) was told counts as
/// [`Cancelled`](AbortReason::Cancelled), one dropped after it as
/// [`BodyDropped`](AbortReason::BodyDropped), or as complete if all
/// [expected bytes](Self::expect_bytes) were sent.
#[derive(Debug)]
#[must_use = "dropping the guard ends the request"]
pub struct RequestGuard {
    /// Where the request was counted in, and what says as much of the one that was named later.
    series: Arc<Series>,
    /// What most requests do not have, so that the guard is cheap to hand on.
    rare: Option<Box<Rare>>,
    arrived: Ticks,
    response_bytes: u64,
    /// How many bytes the server has yet to take, or [`UNKNOWN`](Self::UNKNOWN); of a request that
    /// was delivered, the moment in which it was.
    remaining: u64,
    end: End,
    method: Method,
    /// Whether the route was known when the request arrived.
    routed: bool,
    wants: Wants,
    status: Option<NonZero<u16>>,
}

/// What only some settings ask for, at hand so that nobody has to look it up.
#[derive(Clone, Copy, Debug)]
struct Wants {
    head_at: bool,
    grpc: bool,
}

#[derive(Debug, Default)]
struct Rare {
    /// Where the request is recorded, if that is not where it was counted in.
    named: Option<Arc<Series>>,
    labels: ExtraLabels,
    slot: Option<RouteSlot>,
    request_bytes: Option<Arc<AtomicU64>>,
    head_at: Option<Ticks>,
    grpc: Option<GrpcStatus>,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Dropped,
    Delivered,
    Completed,
    Aborted(AbortReason),
    Discarded,
}

impl RequestGuard {
    const UNKNOWN: u64 = u64::MAX;

    #[inline]
    pub(super) fn new(
        cache: &Endpoints,
        method: &str,
        route: Option<&str>,
        labels: ExtraLabels,
    ) -> Self {
        let known = Method::from(method);
        let settings = cache.source().settings();
        let label = settings.methods.label(known, method);
        let arrived_labels = if settings.in_flight_by_extra { labels.values() } else { &[] };
        let mut series = match route {
            Some(route) => cache.series(route, label, arrived_labels),
            None => cache.unmatched(label, arrived_labels),
        };
        let arrived = cache.source().clock().now();
        while !series.arrive(arrived) {
            series = series.renewed();
        }
        let has_labels = !labels.values().is_empty();
        Self {
            series,
            rare: has_labels.then(|| Box::new(Rare { labels, ..Rare::default() })),
            arrived,
            response_bytes: 0,
            remaining: Self::UNKNOWN,
            end: End::Dropped,
            method: known,
            routed: route.is_some(),
            wants: Wants { head_at: settings.times_head(), grpc: settings.grpc_status },
            status: None,
        }
    }

    #[inline]
    fn now(&self) -> Ticks {
        self.series.source().clock().now()
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Notes that the head of the response is ready, with this status code (100 to 999).
    #[inline]
    pub fn response(&mut self, status: u16) {
        self.status = NonZero::new(status);
        if self.wants.head_at {
            self.rare().head_at = Some(self.now());
        }
    }

    /// Whether somebody should look for a gRPC status and tell it
    /// ([`grpc_status`](Self::grpc_status)).
    #[inline]
    pub fn wants_grpc_status(&self) -> bool {
        self.wants.grpc
    }

    /// Notes the gRPC status of the response, from its head or its trailers.
    pub fn grpc_status(&mut self, status: GrpcStatus) {
        self.rare().grpc = Some(status);
    }

    /// Names the route of the request, if it was not known when the request arrived.
    pub fn set_route(&mut self, route: &str) {
        let named = self.series.sibling(route, self.labels());
        if let Some(rare) = &mut self.rare {
            rare.slot = None;
        }
        if self.series.shares_in_flight_with(&named) {
            self.series = named;
        } else {
            self.rare().named = Some(named);
        }
    }

    /// Sets the value of the extra label `index`; a value that is one too many is replaced and
    /// counted.
    pub fn set_label(&mut self, index: usize, value: &str) {
        let series = Arc::clone(&self.series);
        self.rare().labels.set(series.source(), index, value);
    }

    /// Ends the request and forgets it: it is counted out, and nothing else is recorded.
    pub fn discard(mut self) {
        self.end = End::Discarded;
    }

    /// Whether the route was known when the request arrived.
    #[inline]
    pub(crate) fn is_routed(&self) -> bool {
        self.routed
    }

    /// Looks into `slot` for the route when the request ends, unless
    /// [`set_route`](Self::set_route) named it.
    pub(crate) fn watch_slot(&mut self, slot: RouteSlot) {
        self.rare().slot = Some(slot);
    }

    /// For [`watch_request_bytes`](Self::watch_request_bytes): nobody counts the bytes.
    pub const UNCOUNTED: u64 = u64::MAX;

    /// Reads the size of the request's body from `bytes` when the request ends;
    /// [`UNCOUNTED`](Self::UNCOUNTED) is not recorded.
    pub fn watch_request_bytes(&mut self, bytes: Arc<AtomicU64>) {
        self.rare().request_bytes = Some(bytes);
    }

    /// Whether HTTP sends a body with the response; see [`Method::sends_body`].
    #[inline]
    pub fn sends_body(&self) -> bool {
        self.method.sends_body(self.status.map_or(0, NonZero::get))
    }

    /// Notes how many bytes the server will take from the response's body, if that is known.
    ///
    /// Once it has them, all that the client expects was delivered, though the body has not said
    /// that it is over: a guard dropped from then on is complete, and its clock stops there.
    #[inline]
    pub fn expect_bytes(&mut self, length: Option<u64>) {
        self.remaining = length.unwrap_or(Self::UNKNOWN);
        self.sent(0);
    }

    /// Notes that this many bytes of the response's body were handed on.
    #[inline]
    pub fn sent(&mut self, bytes: u64) {
        self.response_bytes = self.response_bytes.saturating_add(bytes);
        if matches!(self.end, End::Dropped) && self.remaining != Self::UNKNOWN {
            self.remaining = self.remaining.saturating_sub(bytes);
            if self.remaining == 0 {
                self.remaining = self.now();
                self.end = End::Delivered;
            }
        }
    }

    /// Ends the request: the response was sent to its end.
    #[inline]
    pub fn complete(self) {
        self.complete_with(0);
    }

    /// Ends the request: the response was sent to its end, and these bytes were the last of it.
    #[inline]
    pub fn complete_with(mut self, bytes: u64) {
        self.response_bytes = self.response_bytes.saturating_add(bytes);
        self.end = End::Completed;
    }

    /// Ends the request: it did not end well.
    pub fn abort(mut self, reason: AbortReason) {
        self.end = End::Aborted(reason);
    }

    /// Runs `f`, a step of the service or the body; if it panics, the request in `guard` ends with
    /// [`AbortReason::Panic`], while the panic goes on.
    ///
    /// This tells a panic from a cancellation also when someone further out catches the panic and
    /// drops the request later.
    #[inline]
    pub fn watch_panic<T>(guard: &mut Option<Self>, f: impl FnOnce() -> T) -> T {
        on_unwind(f, || {
            if let Some(guard) = guard.take() {
                guard.abort(AbortReason::Panic);
            }
        })
    }

    #[inline]
    fn ending(&self) -> Ending {
        let reason = match (self.end, self.status) {
            (End::Completed | End::Delivered | End::Discarded, _) => None,
            (End::Aborted(reason), _) => Some(reason),
            (End::Dropped, None) => Some(AbortReason::Cancelled),
            (End::Dropped, Some(_)) => Some(AbortReason::BodyDropped),
        };
        let unanswered = || reason.map_or(200, AbortReason::status);
        Ending {
            status: self.status.map_or_else(unanswered, NonZero::get),
            answered: self.status.is_some(),
            grpc: self.rare.as_ref().and_then(|rare| rare.grpc),
            reason,
        }
    }

    #[inline]
    fn measurements(&self, ended: Ticks) -> Measurements {
        let until_head = self.series.source().settings().duration_until_head;
        let rare = self.rare.as_ref();
        let head_at = rare.and_then(|rare| rare.head_at);
        let request_bytes = rare.and_then(|rare| rare.request_bytes.as_ref());
        let until = match (self.end, head_at) {
            (_, Some(head_at)) if until_head => head_at,
            (End::Delivered, _) => self.remaining,
            _ => ended,
        };
        let seconds = |to| self.series.source().clock().seconds(self.arrived, to);
        Measurements {
            duration_seconds: seconds(until),
            time_to_first_byte_seconds: head_at.map(seconds),
            request_bytes: request_bytes
                .map(|bytes| bytes.load(Ordering::Relaxed))
                .filter(|bytes| *bytes != Self::UNCOUNTED),
            response_bytes: self.response_bytes,
        }
    }

    fn labels(&self) -> &[Arc<str>] {
        self.rare.as_ref().map_or(&[], |rare| rare.labels.values())
    }

    /// Where to record the request, if not where it was counted in.
    #[inline]
    fn recorded_in(&mut self) -> Option<Arc<Series>> {
        let rare = self.rare.as_mut()?;
        let named = rare.named.take();
        let route = rare.slot.as_ref().and_then(RouteSlot::get);
        let known = named.as_ref().unwrap_or(&self.series);
        let labels = rare.labels.values();
        if route.is_none() && known.extra() == labels {
            return named;
        }
        let endpoint = route.as_ref().map_or(known.endpoint(), Route::as_str);
        Some(known.sibling(endpoint, labels))
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let ended = self.now();
        self.series.leave(ended);
        if matches!(self.end, End::Discarded) {
            return;
        }
        let mut other = self.recorded_in();
        let (ending, measured) = (self.ending(), self.measurements(ended));
        while !other.as_ref().unwrap_or(&self.series).record(ending, &measured, ended) {
            other = Some(other.as_ref().unwrap_or(&self.series).renewed());
        }
    }
}

/// Runs `f`; if it panics, runs `cleanup` while the panic goes on.
#[inline]
pub fn on_unwind<T>(f: impl FnOnce() -> T, cleanup: impl FnOnce()) -> T {
    struct Cleanup<C: FnOnce()>(Option<C>);

    impl<C: FnOnce()> Drop for Cleanup<C> {
        fn drop(&mut self) {
            if let Some(cleanup) = self.0.take() {
                cleanup();
            }
        }
    }

    let mut cleanup = Cleanup(Some(cleanup));
    let value = f();
    cleanup.0 = None;
    value
}
