//! What is known of a request that is being measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::clock::Ticks;
use super::endpoints::Endpoints;
use super::extra::ExtraLabels;
use super::outcome::{AbortReason, Details, Ending};
use super::series::{Recorded, Series};
use crate::labels::{GrpcStatus, Method, Route, RouteSlot};

/// A request between its arrival and its end; what a [`RequestGuard`](super::RequestGuard) owns.
#[derive(Debug)]
pub(super) struct State {
    /// Where the request was counted in.
    series: Arc<Series>,
    /// Of the route that was named later, if one was.
    named: Option<Arc<Series>>,
    arrived: Ticks,
    pub(super) response_bytes: u64,
    /// How many bytes the server has yet to take, or [`UNKNOWN`](Self::UNKNOWN).
    remaining: u64,
    pub(super) end: End,
    method: Method,
    /// Whether the route was known when the request arrived.
    pub(super) routed: bool,
    pub(super) wants: Wants,
    status: Option<u16>,
    /// What most requests do not have.
    rare: Option<Box<Rare>>,
}

/// What only some settings ask for, at hand so that nobody has to look it up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wants {
    head_at: bool,
    pub(super) grpc: bool,
}

#[derive(Debug, Default)]
pub(super) struct Rare {
    labels: ExtraLabels,
    pub(super) slot: Option<RouteSlot>,
    pub(super) request_bytes: Option<Arc<AtomicU64>>,
    head_at: Option<Ticks>,
    pub(super) grpc: Option<GrpcStatus>,
}

/// How a request ends, unless its guard is dropped before there is more to say.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Dropped,
    Delivered(Ticks),
    Completed,
    Aborted(AbortReason),
    Discarded,
}

/// Where and when a request was counted in.
pub(super) struct Arrival {
    series: Arc<Series>,
    at: Ticks,
}

impl Arrival {
    /// Counts a request in.
    pub(super) fn now(
        cache: &Endpoints,
        (method, written): (Method, &str),
        route: Option<&str>,
        labels: &ExtraLabels,
    ) -> Self {
        let settings = cache.source().settings();
        let label = settings.methods.label(method, written);
        let labels = if settings.in_flight_by_extra { labels.values() } else { &[] };
        let mut series = match route {
            Some(route) => cache.series(route, label, labels),
            None => cache.unmatched(label, labels),
        };
        let at = cache.source().clock().now();
        while !series.arrive(at) {
            series = series.renewed();
        }
        Self { series, at }
    }
}

impl State {
    const UNKNOWN: u64 = u64::MAX;
    pub(super) const UNCOUNTED: u64 = u64::MAX;

    /// Of a request that was counted in.
    #[inline]
    pub(super) fn new(arrival: Arrival, method: Method, routed: bool, labels: ExtraLabels) -> Self {
        let Arrival { series, at } = arrival;
        let settings = series.source().settings();
        let wants = Wants { head_at: settings.times_head(), grpc: settings.grpc_status };
        let has_labels = !labels.values().is_empty();
        Self {
            series,
            named: None,
            arrived: at,
            response_bytes: 0,
            remaining: Self::UNKNOWN,
            end: End::Dropped,
            method,
            routed,
            wants,
            status: None,
            rare: has_labels.then(|| Box::new(Rare { labels, ..Rare::default() })),
        }
    }

    #[inline]
    fn now(&self) -> Ticks {
        self.series.source().clock().now()
    }

    pub(super) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    #[inline]
    pub(super) fn response(&mut self, status: u16) {
        self.status = Some(status);
        if self.wants.head_at {
            self.rare().head_at = Some(self.now());
        }
    }

    pub(super) fn set_route(&mut self, route: &str) {
        self.named = Some(self.series.sibling(route, self.labels()));
    }

    #[inline]
    pub(super) fn set_route_in(&mut self, cache: &Endpoints, route: &str) {
        self.named = Some(cache.series(route, self.series.method(), self.labels()));
    }

    fn labels(&self) -> &[Arc<str>] {
        self.rare.as_ref().map_or(&[], |rare| rare.labels.values())
    }

    pub(super) fn set_label(&mut self, index: usize, value: &str) {
        let series = Arc::clone(&self.series);
        self.rare().labels.set(series.source(), index, value);
    }

    #[inline]
    pub(super) fn sends_body(&self) -> bool {
        self.method.sends_body(self.status.unwrap_or_default())
    }

    #[inline]
    pub(super) fn expect_bytes(&mut self, length: Option<u64>) {
        self.remaining = length.unwrap_or(Self::UNKNOWN);
        self.sent(0);
    }

    #[inline]
    pub(super) fn sent(&mut self, bytes: u64) {
        self.response_bytes = self.response_bytes.saturating_add(bytes);
        if self.remaining != Self::UNKNOWN {
            self.remaining = self.remaining.saturating_sub(bytes);
            if self.remaining == 0 {
                self.remaining = Self::UNKNOWN;
                self.end = End::Delivered(self.now());
            }
        }
    }

    /// Counts the request out, and records it unless it is discarded.
    #[inline]
    pub(super) fn record(&mut self) {
        let ended = self.now();
        if matches!(self.end, End::Discarded) {
            return self.series.leave(ended);
        }
        if self.rare.is_some() {
            self.find_out_labels();
        }
        let series = self.named.as_ref().unwrap_or(&self.series);
        let recorded = match self.record_in(series, ended) {
            Recorded::Stale => self.record_in_renewed(series, ended),
            recorded => recorded,
        };
        if recorded == Recorded::Fresh {
            self.series.leave(ended);
        }
    }

    #[inline]
    fn record_in(&self, series: &Series, ended: Ticks) -> Recorded {
        let (details, counted_in) = (|| self.details(), self.series.is_kept());
        series.record(self.ending(), self.duration_seconds(ended), details, counted_in, ended)
    }

    #[cold]
    fn record_in_renewed(&self, stale: &Arc<Series>, ended: Ticks) -> Recorded {
        let mut series = stale.renewed();
        loop {
            match self.record_in(&series, ended) {
                Recorded::Stale => series = series.renewed(),
                recorded => return recorded,
            }
        }
    }

    #[inline]
    fn ending(&self) -> Ending {
        let reason = match (self.end, self.status) {
            (End::Completed | End::Delivered(_) | End::Discarded, _) => None,
            (End::Aborted(reason), _) => Some(reason),
            (End::Dropped, None) => Some(AbortReason::Cancelled),
            (End::Dropped, Some(_)) => Some(AbortReason::BodyDropped),
        };
        let unanswered = || reason.map_or(200, AbortReason::status);
        Ending {
            status: self.status.unwrap_or_else(unanswered),
            answered: self.status.is_some(),
            grpc: self.rare.as_ref().and_then(|rare| rare.grpc),
            reason,
        }
    }

    #[inline]
    fn duration_seconds(&self, ended: Ticks) -> f64 {
        let until_head = || {
            let head_at = self.rare.as_ref().and_then(|rare| rare.head_at);
            head_at.filter(|_| self.series.source().settings().duration_until_head)
        };
        let until = match (self.end, until_head()) {
            (_, Some(head_at)) => head_at,
            (End::Delivered(at), None) => at,
            _ => ended,
        };
        self.seconds_until(until)
    }

    #[inline]
    fn seconds_until(&self, end: Ticks) -> f64 {
        self.series.source().clock().seconds(self.arrived, end)
    }

    fn details(&self) -> Details {
        let rare = self.rare.as_ref();
        let head_at = rare.and_then(|rare| rare.head_at);
        let request_bytes = rare.and_then(|rare| rare.request_bytes.as_ref());
        Details {
            time_to_first_byte_seconds: head_at.map(|head_at| self.seconds_until(head_at)),
            request_bytes: request_bytes
                .map(|bytes| bytes.load(Ordering::Relaxed))
                .filter(|bytes| *bytes != Self::UNCOUNTED),
            response_bytes: self.response_bytes,
        }
    }

    /// Where to record the request, if a service further in named its route, or if it has labels
    /// that came with the response.
    #[cold]
    fn find_out_labels(&mut self) {
        let Some(rare) = &self.rare else { return };
        let slot = rare.slot.as_ref().filter(|_| self.named.is_none());
        let route = slot.and_then(RouteSlot::get);
        let known = self.named.as_ref().unwrap_or(&self.series);
        let labels = rare.labels.values();
        if route.is_some() || known.extra() != labels {
            let endpoint = route.as_ref().map_or(known.endpoint(), Route::as_str);
            self.named = Some(known.sibling(endpoint, labels));
        }
    }
}
