//! The guard that owns a request from its arrival to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quanta::Instant;

use super::outcome::{AbortReason, Outcome, Status};
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
/// [`BodyDropped`](AbortReason::BodyDropped), one dropped after [`delivered`](Self::delivered) as
/// complete.
#[derive(Debug)]
#[must_use = "dropping the guard ends the request"]
pub struct RequestGuard {
    series: Arc<Series>,
    method: Method,
    arrived: Instant,
    head: Option<Head>,
    grpc: Option<GrpcStatus>,
    route: Option<Route>,
    slot: Option<RouteSlot>,
    request_bytes: Option<Arc<AtomicU64>>,
    response_bytes: u64,
    end: End,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    status: u16,
    at: Instant,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Dropped,
    Delivered(Instant),
    Completed,
    Aborted(AbortReason),
}

impl RequestGuard {
    pub(super) fn new(series: Arc<Series>, method: Method, arrived: Instant) -> Self {
        Self {
            series,
            method,
            arrived,
            head: None,
            grpc: None,
            route: None,
            slot: None,
            request_bytes: None,
            response_bytes: 0,
            end: End::Dropped,
        }
    }

    /// Notes that the head of the response is ready, with this status code (100 to 999).
    pub fn response(&mut self, status: u16) {
        self.head = Some(Head { status, at: Instant::now() });
    }

    /// Notes the gRPC status of the response, from its head or its trailers.
    pub fn grpc_status(&mut self, status: GrpcStatus) {
        self.grpc = Some(status);
    }

    /// Names the route of the request, if it was not known when the request arrived.
    pub fn set_route(&mut self, route: Route) {
        self.route = Some(route);
    }

    /// Looks into `slot` for the route when the request ends, unless
    /// [`set_route`](Self::set_route) named it.
    pub(crate) fn watch_slot(&mut self, slot: RouteSlot) {
        self.slot = Some(slot);
    }

    /// Reads the size of the request's body from `bytes` when the request ends.
    pub(crate) fn watch_request_bytes(&mut self, bytes: Arc<AtomicU64>) {
        self.request_bytes = Some(bytes);
    }

    /// Notes that this many bytes of the response's body were handed on.
    pub fn sent(&mut self, bytes: u64) {
        self.response_bytes = self.response_bytes.saturating_add(bytes);
    }

    /// Notes that all of the body that the client expects was handed on, though the body has not
    /// said that it is over: a guard dropped from now on is complete, and its clock stops here.
    pub fn delivered(&mut self) {
        self.end = End::Delivered(Instant::now());
    }

    /// Ends the request: the response was sent to its end.
    pub fn complete(mut self) {
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
    pub fn watch_panic<T>(guard: &mut Option<Self>, f: impl FnOnce() -> T) -> T {
        let mut watch = PanicWatch { guard, unwinding: true };
        let value = f();
        watch.unwinding = false;
        value
    }

    fn outcome(&self, ended: Instant) -> Outcome {
        let reason = match (self.end, self.head) {
            (End::Completed | End::Delivered(_), _) => None,
            (End::Aborted(reason), _) => Some(reason),
            (End::Dropped, None) => Some(AbortReason::Cancelled),
            (End::Dropped, Some(_)) => Some(AbortReason::BodyDropped),
        };
        let settings = self.series.source().settings();
        let until = match (self.end, self.head) {
            (_, Some(head)) if settings.duration_until_head => head.at,
            (End::Delivered(at), _) => at,
            _ => ended,
        };
        let seconds = |to: Instant| to.saturating_duration_since(self.arrived).as_secs_f64();
        Outcome {
            status: Status {
                http: self
                    .head
                    .map_or_else(|| reason.map_or(200, AbortReason::status), |head| head.status),
                grpc: self.grpc.filter(|_| settings.grpc_status),
            },
            reason,
            duration_seconds: seconds(until),
            time_to_first_byte_seconds: self.head.map(|head| seconds(head.at)),
            request_bytes: self.request_bytes.as_ref().map(|bytes| bytes.load(Ordering::Relaxed)),
            response_bytes: self.response_bytes,
        }
    }

    /// The series of the route that was named after the request arrived.
    fn named_later(&self) -> Option<Arc<Series>> {
        let named = self.route.clone().or_else(|| self.slot.as_ref()?.take())?;
        Some(self.series.of(&named))
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let ended = Instant::now();
        let second = self.series.source().second(ended);
        let outcome = self.outcome(ended);

        self.series.leave(self.method, second);
        let mut other = self.named_later();
        while !other.as_ref().unwrap_or(&self.series).record(self.method, &outcome, second) {
            other = Some(other.as_ref().unwrap_or(&self.series).renewed());
        }
    }
}

/// Ends the request when it is dropped by a panic that unwinds.
struct PanicWatch<'a> {
    guard: &'a mut Option<RequestGuard>,
    unwinding: bool,
}

impl Drop for PanicWatch<'_> {
    fn drop(&mut self) {
        if self.unwinding
            && let Some(guard) = self.guard.take()
        {
            guard.abort(AbortReason::Panic);
        }
    }
}
