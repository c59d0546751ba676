//! The guard that owns a request from its arrival to its end.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::endpoints::Endpoints;
use super::extra::ExtraLabels;
use super::outcome::AbortReason;
use super::pool;
use super::series::Series;
use super::state::{End, State};
use crate::labels::{GrpcStatus, Method, RouteSlot};

/// Owns a request from its arrival to its end, and records it once when it ends.
///
/// Made by [`Instruments::start`](super::Instruments::start). The request ends with
/// [`complete`](Self::complete) or [`abort`](Self::abort), or when the guard is dropped. From then on
/// the guard has no request, as one of [`none`](Self::none): whatever it is told has no effect.
///
/// # Cancellation
///
/// A guard dropped before [`response`](Self::response) was told counts as
/// [`Cancelled`](AbortReason::Cancelled), one dropped after it as
/// [`BodyDropped`](AbortReason::BodyDropped), or as complete if all
/// [expected bytes](Self::expect_bytes) were sent.
#[derive(Debug, Default)]
#[must_use = "dropping the guard ends the request"]
pub struct RequestGuard {
    state: Option<Box<State>>,
}

/// What a poll of a response's body brought; for [`RequestGuard::body_polled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing else that a body can do")]
pub enum BodyPolled {
    /// This many bytes, and there may be more.
    More(u64),
    /// This many bytes, behind which nothing comes that is sent.
    Last(u64),
    /// An error.
    Failed,
}

impl RequestGuard {
    /// Of a request that has arrived, whose series these are.
    #[inline]
    pub(super) fn new(series: Arc<Series>, method: Method, routed: bool) -> Self {
        let mut state = pool::take();
        state.begin(series, method, routed);
        Self { state: Some(state) }
    }

    /// Without a request, such as for one that is not measured.
    pub const fn none() -> Self {
        Self { state: None }
    }

    /// Whether there is no request, or it has ended.
    #[inline]
    pub fn is_none(&self) -> bool {
        self.state.is_none()
    }

    /// Notes the extra labels of the request, if there are any.
    #[inline]
    pub(crate) fn set_labels(&mut self, labels: ExtraLabels) {
        if !labels.is_empty() {
            self.update(|state| state.rare().labels = labels);
        }
    }

    /// Notes that the head of the response is ready, with this status code (100 to 999).
    #[inline]
    pub fn response(&mut self, status: u16) {
        self.update(|state| state.response(status));
    }

    /// Whether somebody should look for a gRPC status and tell it
    /// ([`grpc_status`](Self::grpc_status)).
    #[inline]
    pub fn wants_grpc_status(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.wants.grpc)
    }

    /// Notes the gRPC status of the response, from its head or its trailers.
    pub fn grpc_status(&mut self, status: GrpcStatus) {
        self.update(|state| state.rare().grpc = Some(status));
    }

    /// Names the route of the request, if it was not known when the request arrived.
    pub fn set_route(&mut self, route: &str) {
        self.update(|state| state.set_route(route));
    }

    #[inline]
    pub(super) fn set_route_in(&mut self, cache: &Endpoints, route: &str) {
        self.update(|state| state.set_route_in(cache, route));
    }

    /// Sets the value of the extra label `index`; a value that is one too many is replaced and
    /// counted.
    pub fn set_label(&mut self, index: usize, value: &str) {
        self.update(|state| state.set_label(index, value));
    }

    /// Ends the request and forgets it: it is counted out, and nothing else is recorded.
    pub fn discard(&mut self) {
        self.end_with(End::Discarded);
    }

    /// Whether nothing is left to find out about the route of a request.
    #[inline]
    pub(crate) fn is_routed(&self) -> bool {
        self.state.as_ref().is_none_or(|state| state.routed)
    }

    /// Looks into `slot` for the route when the request ends, unless
    /// [`set_route`](Self::set_route) named it.
    pub(crate) fn watch_slot(&mut self, slot: RouteSlot) {
        self.update(|state| state.rare().slot = Some(slot));
    }

    /// For [`watch_request_bytes`](Self::watch_request_bytes): nobody counts the bytes.
    pub const UNCOUNTED: u64 = State::UNCOUNTED;

    /// Reads the size of the request's body from `bytes` when the request ends;
    /// [`UNCOUNTED`](Self::UNCOUNTED) is not recorded.
    pub fn watch_request_bytes(&mut self, bytes: Arc<AtomicU64>) {
        self.update(|state| state.rare().request_bytes = Some(bytes));
    }

    /// Whether HTTP sends a body with the response; see [`Method::sends_body`].
    #[inline]
    pub fn sends_body(&self) -> bool {
        self.state.as_ref().is_some_and(|state| state.sends_body())
    }

    /// Notes how many bytes the server will take from the response's body, if that is known.
    ///
    /// Once it has them, all that the client expects was delivered, though the body has not said
    /// that it is over: a guard dropped from then on is complete, and its clock stops there.
    #[inline]
    pub fn expect_bytes(&mut self, length: Option<u64>) {
        self.update(|state| state.expect_bytes(length));
    }

    /// Notes that this many bytes of the response's body were handed on.
    #[inline]
    pub fn sent(&mut self, bytes: u64) {
        self.update(|state| state.sent(bytes));
    }

    /// Ends the request: the response was sent to its end.
    #[inline]
    pub fn complete(&mut self) {
        self.complete_with(0);
    }

    /// Ends the request: the response was sent to its end, and these bytes were the last of it.
    #[inline]
    pub fn complete_with(&mut self, bytes: u64) {
        self.update(|state| state.complete(bytes));
        self.end();
    }

    /// Ends the request: it did not end well.
    pub fn abort(&mut self, reason: AbortReason) {
        self.end_with(End::Aborted(reason));
    }

    /// Notes what a poll of the response's body brought; what is the last of it ends the request.
    #[inline]
    pub fn body_polled(&mut self, polled: BodyPolled) {
        match polled {
            BodyPolled::More(bytes) => self.sent(bytes),
            BodyPolled::Last(bytes) => self.complete_with(bytes),
            BodyPolled::Failed => self.abort(AbortReason::BodyError),
        }
    }

    /// Watches a step of the service or the body: if it panics, the request ends with
    /// [`AbortReason::Panic`], while the panic goes on.
    ///
    /// This tells a panic from a cancellation also when someone further out catches the panic and
    /// drops the request later.
    ///
    /// ```
    /// # use tower_metrics_core::request::RequestGuard;
    /// # fn poll_inner() -> u32 { 7 }
    /// # let mut guard = RequestGuard::none();
    /// let watch = guard.watch();
    /// let polled = poll_inner();
    /// watch.end();
    /// # assert_eq!(polled, 7);
    /// ```
    #[inline]
    pub fn watch(&mut self) -> OnUnwind<impl FnOnce()> {
        OnUnwind::new(|| self.abort(AbortReason::Panic))
    }

    #[cold]
    #[inline(never)]
    fn end_with(&mut self, end: End) {
        self.update(|state| state.end = end);
        self.end();
    }

    #[inline]
    fn update(&mut self, change: impl FnOnce(&mut State)) {
        if let Some(state) = &mut self.state {
            change(state);
        }
    }

    /// Ends the request as its state says.
    #[inline]
    fn end(&mut self) {
        if let Some(state) = self.state.take() {
            record(state);
        }
    }
}

impl Drop for RequestGuard {
    #[inline]
    fn drop(&mut self) {
        self.end();
    }
}

#[inline(never)]
fn record(mut state: Box<State>) {
    state.record();
    pool::put(state);
}

/// Runs a function if it is dropped before its [`end`](Self::end), by a panic.
#[derive(Debug)]
#[must_use = "what is to be watched comes before the end"]
pub struct OnUnwind<C: FnOnce()> {
    cleanup: Option<C>,
}

impl<C: FnOnce()> OnUnwind<C> {
    /// Begins to watch.
    #[inline]
    pub fn new(cleanup: C) -> Self {
        Self { cleanup: Some(cleanup) }
    }

    /// Nothing panicked.
    #[inline]
    pub fn end(mut self) {
        self.cleanup = None;
    }
}

impl<C: FnOnce()> Drop for OnUnwind<C> {
    #[inline]
    fn drop(&mut self) {
        if let Some(cleanup) = self.cleanup.take() {
            cleanup();
        }
    }
}

/// Runs `f`; if it panics, runs `cleanup` while the panic goes on.
#[inline]
pub fn on_unwind<T>(f: impl FnOnce() -> T, cleanup: impl FnOnce()) -> T {
    let watch = OnUnwind::new(cleanup);
    let value = f();
    watch.end();
    value
}
