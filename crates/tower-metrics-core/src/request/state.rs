//! What is known of a request that is being measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::clock::Ticks;
use super::endpoints::Endpoints;
use super::extra::ExtraLabels;
use super::outcome::{AbortReason, Details, Ending};
use super::series::{Series, Wants};
use crate::labels::{GrpcStatus, Method, Route, RouteSlot};

/// A request between its arrival and its end; what a [`RequestGuard`](super::RequestGuard) owns.
#[derive(Debug)]
pub(super) struct State {
    /// Where the request was counted in; none before its arrival and after its end.
    series: Option<Arc<Series>>,
    /// Of the route that was named later, if one was.
    named: Option<Arc<Series>>,
    arrived: Ticks,
    response_bytes: u64,
    pub(super) end: End,
    /// What most requests do not have.
    rare: Option<Box<Rare>>,
    /// With the response, if there is one.
    answered: Option<Ending>,
    method: Method,
    /// Whether the route was known when the request arrived.
    pub(super) routed: bool,
    pub(super) wants: Wants,
}

#[derive(Debug, Default)]
pub(super) struct Rare {
    pub(super) labels: ExtraLabels,
    pub(super) slot: Option<RouteSlot>,
    pub(super) request_bytes: Option<Arc<AtomicU64>>,
    head_at: Option<Ticks>,
    pub(super) grpc: Option<GrpcStatus>,
}

/// How a request ends if its guard is dropped now.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// Too early: the server has yet to take this many bytes, or [`UNKNOWN`](Self::UNKNOWN).
    Early {
        remaining: u64,
    },
    /// All that the server takes was there at this moment.
    Delivered(Ticks),
    Completed,
    Aborted(AbortReason),
    Discarded,
}

impl End {
    const UNKNOWN: u64 = u64::MAX;
}

impl Default for End {
    fn default() -> Self {
        Self::Early { remaining: Self::UNKNOWN }
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            series: None,
            named: None,
            arrived: 0,
            response_bytes: 0,
            end: End::default(),
            rare: None,
            answered: None,
            method: Method::Other,
            routed: false,
            wants: Wants::default(),
        }
    }
}

impl State {
    pub(super) const UNCOUNTED: u64 = u64::MAX;

    /// Counts a request in, of which nothing else is known yet.
    #[inline]
    pub(super) fn begin(&mut self, series: Arc<Series>, method: Method, routed: bool) {
        let (series, arrived) = series.arrived();
        (self.arrived, self.method, self.routed) = (arrived, method, routed);
        self.wants = series.wants();
        self.series = Some(series);
    }

    /// Leaves nothing of a request that was recorded.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.answered = None;
        if self.rare.is_some() {
            self.rare = None;
        }
        (self.response_bytes, self.end) = (0, End::default());
    }

    pub(super) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    #[inline]
    pub(super) fn response(&mut self, status: u16) {
        self.answered = Some(Ending::answered(status));
        if self.wants.head_at {
            self.rare().head_at = self.now();
        }
    }

    fn now(&self) -> Option<Ticks> {
        self.series.as_ref().map(|series| series.now())
    }

    pub(super) fn set_route(&mut self, route: &str) {
        self.named = self.series.as_ref().map(|series| series.sibling(route, self.labels()));
    }

    #[inline]
    pub(super) fn set_route_in(&mut self, cache: &Endpoints, route: &str) {
        let series = |arrived: &Series| cache.series(Some(route), arrived.method(), self.labels());
        self.named = self.series.as_deref().map(series);
    }

    fn labels(&self) -> &[Arc<str>] {
        self.rare.as_ref().map_or(&[], |rare| rare.labels.values())
    }

    pub(super) fn set_label(&mut self, index: usize, value: &str) {
        if let Some(series) = &self.series {
            self.rare.get_or_insert_default().labels.set(series.source(), index, value);
        }
    }

    #[inline]
    pub(super) fn sends_body(&self) -> bool {
        self.method.sends_body(self.answered.map_or(0, Ending::status))
    }

    #[inline]
    pub(super) fn expect_bytes(&mut self, length: Option<u64>) {
        self.end = End::Early { remaining: length.unwrap_or(End::UNKNOWN) };
        self.sent(0);
    }

    #[inline]
    pub(super) fn sent(&mut self, bytes: u64) {
        self.response_bytes = self.response_bytes.saturating_add(bytes);
        if let End::Early { remaining } = &mut self.end
            && *remaining != End::UNKNOWN
        {
            *remaining = remaining.saturating_sub(bytes);
            if *remaining == 0 {
                self.end = self.now().map_or(End::Completed, End::Delivered);
            }
        }
    }

    #[inline]
    pub(super) fn complete(&mut self, bytes: u64) {
        self.response_bytes = self.response_bytes.saturating_add(bytes);
        self.end = End::Completed;
    }

    /// Counts the request out, and records it unless it is discarded.
    #[inline]
    pub(super) fn record(&mut self) {
        let (Some(arrived), mut named) = (self.series.take(), self.named.take()) else { return };
        let ended = arrived.now();
        if matches!(self.end, End::Discarded) {
            return arrived.leave(ended);
        }
        if let Some(rare) = &self.rare {
            rare.find_out_labels(&arrived, &mut named);
        }
        let (ending, known) = (self.ending(), named.as_deref().unwrap_or(&arrived));
        let renewed = if known.is_kept() { None } else { known.renewed_if_stale(ending, ended) };
        let series = renewed.as_deref().unwrap_or(known);
        let (seconds, details) = (self.seconds(series, ended), || self.details(series));
        if !series.record(ending, seconds, details, arrived.is_kept(), ended) {
            arrived.leave(ended);
        }
    }

    #[inline]
    fn ending(&self) -> Ending {
        let ending = match self.end {
            End::Completed | End::Delivered(_) | End::Discarded => {
                self.answered.unwrap_or_else(|| Ending::unanswered(200))
            }
            End::Early { .. } => self.aborted(match self.answered {
                None => AbortReason::Cancelled,
                Some(_) => AbortReason::BodyDropped,
            }),
            End::Aborted(reason) => self.aborted(reason),
        };
        match self.rare.as_ref().and_then(|rare| rare.grpc) {
            None => ending,
            Some(grpc) => ending.with_grpc(grpc),
        }
    }

    #[cold]
    fn aborted(&self, reason: AbortReason) -> Ending {
        self.answered.unwrap_or_else(|| Ending::unanswered(reason.status())).with_reason(reason)
    }

    #[inline]
    fn seconds(&self, series: &Series, ended: Ticks) -> f64 {
        let until_head = || {
            let head_at = self.rare.as_ref().and_then(|rare| rare.head_at);
            head_at.filter(|_| series.source().settings().duration_until_head)
        };
        let until = match (self.end, until_head()) {
            (_, Some(head_at)) => head_at,
            (End::Delivered(at), None) => at,
            _ => ended,
        };
        self.seconds_until(series, until)
    }

    #[inline]
    fn seconds_until(&self, series: &Series, end: Ticks) -> f64 {
        series.source().clock().seconds(self.arrived, end)
    }

    fn details(&self, series: &Series) -> Details {
        let rare = self.rare.as_ref();
        let head_at = rare.and_then(|rare| rare.head_at);
        let request_bytes = rare.and_then(|rare| rare.request_bytes.as_ref());
        Details {
            time_to_first_byte_seconds: head_at.map(|head_at| self.seconds_until(series, head_at)),
            request_bytes: request_bytes
                .map(|bytes| bytes.load(Ordering::Relaxed))
                .filter(|bytes| *bytes != Self::UNCOUNTED),
            response_bytes: self.response_bytes,
        }
    }
}

impl Rare {
    /// Finds out where to record the request, if a service further in named its route, or if it has
    /// labels that came with the response.
    #[cold]
    fn find_out_labels(&self, arrived: &Series, named: &mut Option<Arc<Series>>) {
        let slot = self.slot.as_ref().filter(|_| named.is_none());
        let route = slot.and_then(RouteSlot::get);
        let known = named.as_deref().unwrap_or(arrived);
        let labels = self.labels.values();
        if route.is_some() || known.extra() != labels {
            let endpoint = route.as_ref().map_or(known.endpoint(), Route::as_str);
            *named = Some(known.sibling(endpoint, labels));
        }
    }
}
