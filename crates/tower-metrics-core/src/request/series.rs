//! The handles of one set of label values, resolved on first sight and then only read.

use std::sync::{Arc, OnceLock, Weak};

use metrics::{Counter, Gauge, Histogram};

use super::append_list::AppendList;
use super::clock::Ticks;
use super::endpoints::Endpoints;
use super::outcome::{Details, Ending};
use super::settings::{Facts, Metric};
use super::source::Source;
use crate::labels::MethodLabel;
use crate::resolved::{LastUsed, STALE_AFTER};

/// Everything that is recorded under one endpoint, method and set of extra label values.
#[derive(Debug)]
pub(crate) struct Series {
    source: Arc<Source>,
    /// Guards hold series, and find the cache by them while it is there.
    cache: Weak<Endpoints>,
    endpoint: Arc<str>,
    method: MethodLabel,
    extra: Box<[Arc<str>]>,
    /// After how many seconds without use a handle is stale; none if handles stay good.
    stale_after: Option<u64>,
    wants: Wants,
    in_flight: OnceLock<(LastUsed, Gauge)>,
    ended: AppendList<Ended>,
}

/// What only some settings ask for, at hand so that nobody has to look it up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wants {
    /// When the head of the response was ready.
    pub(crate) head_at: bool,
    /// The status of gRPC.
    pub(crate) grpc: bool,
}

/// What is recorded when a request has ended in one way; the handles of metrics that are off do
/// nothing.
#[derive(Debug)]
struct Ended {
    ending: Ending,
    used: LastUsed,
    /// Whether `duration` also counts the request, and counts it out.
    at_once: bool,
    duration: Histogram,
    /// If there are any.
    others: Option<Box<Others>>,
}

#[derive(Debug)]
struct Others {
    requests: Counter,
    aborted: Counter,
    time_to_first_byte: Histogram,
    request_size: Histogram,
    response_size: Histogram,
}

impl Series {
    /// Prepares the handles; none is resolved yet.
    pub(crate) fn new(
        source: Arc<Source>,
        cache: Weak<Endpoints>,
        endpoint: Arc<str>,
        method: MethodLabel,
        extra: Box<[Arc<str>]>,
    ) -> Self {
        let stale_after = match (source.is_recording(), source.keeps_handles()) {
            // Without a recorder handles do nothing, so look again until there is one.
            (false, _) => Some(0),
            (true, false) => Some(STALE_AFTER),
            (true, true) => None,
        };
        let settings = source.settings();
        let wants = Wants { head_at: settings.times_head(), grpc: settings.grpc_status };
        let (in_flight, ended) = (OnceLock::new(), AppendList::new());
        Self { source, cache, endpoint, method, extra, stale_after, wants, in_flight, ended }
    }

    /// Whether these are the series of an endpoint and a method.
    #[inline]
    pub(crate) fn is_of(&self, endpoint: &str, method: MethodLabel) -> bool {
        self.method == method && *self.endpoint == *endpoint
    }

    /// Series of the same middleware and method with other label values.
    pub(crate) fn sibling(&self, endpoint: &str, extra: &[Arc<str>]) -> Arc<Self> {
        match self.cache.upgrade() {
            Some(cache) => cache.series(Some(endpoint), self.method, extra),
            None => self.orphan(endpoint.into(), extra),
        }
    }

    /// The same series with handles yet to be resolved, for when these are stale.
    #[cold]
    pub(crate) fn renewed(&self) -> Arc<Self> {
        match self.cache.upgrade() {
            Some(cache) => cache.renew(self),
            None => self.orphan(Arc::clone(&self.endpoint), &self.extra),
        }
    }

    /// Makes series outside of the cache, once that is gone and nobody else needs them.
    #[cold]
    fn orphan(&self, endpoint: Arc<str>, extra: &[Arc<str>]) -> Arc<Self> {
        let (source, cache) = (Arc::clone(&self.source), Weak::clone(&self.cache));
        Arc::new(Self::new(source, cache, endpoint, self.method, extra.into()))
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn method(&self) -> MethodLabel {
        self.method
    }

    pub(crate) fn extra(&self) -> &[Arc<str>] {
        &self.extra
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    #[inline]
    pub(crate) fn wants(&self) -> Wants {
        self.wants
    }

    #[inline]
    pub(crate) fn now(&self) -> Ticks {
        self.source.clock().now()
    }

    /// Whether the handles stay good.
    #[inline]
    pub(crate) fn is_kept(&self) -> bool {
        self.stale_after.is_none()
    }

    /// Counts a request in, here or in the series that take the place of these, and says when.
    #[inline]
    pub(crate) fn arrived(self: Arc<Self>) -> (Arc<Self>, Ticks) {
        let now = self.now();
        if self.is_kept() {
            self.in_flight(now).1.increment(1.0);
            return (self, now);
        }
        (self.arrived_where_fresh(now), now)
    }

    #[cold]
    #[inline(never)]
    fn arrived_where_fresh(mut self: Arc<Self>, now: Ticks) -> Arc<Self> {
        loop {
            if !self.is_outdated() {
                let (used, in_flight) = self.in_flight(now);
                if self.touch(used, now) {
                    in_flight.increment(1.0);
                    return self;
                }
            }
            self = self.renewed();
        }
    }

    /// Counts out a request that was counted in here.
    #[inline]
    pub(crate) fn leave(&self, now: Ticks) {
        self.in_flight(now).1.decrement(1.0);
    }

    /// Records a request that ended, and that was counted in into lasting handles or was not;
    /// `true` if it is counted out as well.
    #[inline]
    pub(crate) fn record(
        &self,
        ending: Ending,
        duration_seconds: f64,
        details: impl FnOnce() -> Details,
        counted_in: bool,
        now: Ticks,
    ) -> bool {
        let ended = self.ended(ending, now);
        if ended.at_once && !counted_in {
            self.in_flight(now).1.increment(1.0);
        }
        ended.duration.record(duration_seconds);
        if let Some(others) = &ended.others {
            others.record(details);
        }
        ended.at_once && counted_in
    }

    /// What to record a request in that ended so, if the handles of these are stale; else notes their
    /// use.
    #[cold]
    #[inline(never)]
    pub(crate) fn renewed_if_stale(&self, ending: Ending, now: Ticks) -> Option<Arc<Self>> {
        let mut renewed: Option<Arc<Self>> = None;
        loop {
            let series = renewed.as_deref().unwrap_or(self);
            if !series.is_outdated() && series.touch(&series.ended(ending, now).used, now) {
                return renewed;
            }
            renewed = Some(series.renewed());
        }
    }

    #[inline]
    fn ended(&self, ending: Ending, now: Ticks) -> &Ended {
        let is_sought = |ended: &Ended| ended.ending == ending;
        self.ended.find_or_append(is_sought, || self.make_ended(ending, now))
    }

    /// Whether these are handles from before the recorder, which do nothing, and it is there now.
    #[inline]
    fn is_outdated(&self) -> bool {
        self.stale_after == Some(0) && self.source.is_recording()
    }

    /// Notes a use; `false` if the last one is too long ago.
    #[inline]
    fn touch(&self, used: &LastUsed, now: Ticks) -> bool {
        match self.stale_after {
            None => true,
            Some(limit) => used.touch(self.source.clock().second(now), limit),
        }
    }

    #[inline]
    fn in_flight(&self, now: Ticks) -> &(LastUsed, Gauge) {
        self.in_flight.get_or_init(|| self.make_in_flight(now))
    }

    #[cold]
    fn make_in_flight(&self, now: Ticks) -> (LastUsed, Gauge) {
        let in_flight = &self.source.settings().in_flight;
        let gauge = |metric: &Metric| self.source.gauge(metric, &self.facts(None));
        let gauge = in_flight.as_ref().map_or(Gauge::noop(), gauge);
        (LastUsed::at(self.source.clock().second(now)), gauge)
    }

    #[cold]
    fn make_ended(&self, ending: Ending, now: Ticks) -> Ended {
        let facts = self.facts(Some(ending));
        let counter = |metric: &Option<Metric>| {
            metric.as_ref().map_or(Counter::noop(), |metric| self.source.counter(metric, &facts))
        };
        let histogram = |metric: &Option<Metric>| {
            let make = |metric| self.source.histogram(metric, &facts);
            metric.as_ref().map_or(Histogram::noop(), make)
        };
        let settings = self.source.settings();
        let operation = if self.is_kept() { self.source.operation(&facts) } else { None };
        let at_once = operation.is_some();
        let has_others = !at_once || ending.reason().is_some() || settings.has_optional();
        Ended {
            ending,
            used: LastUsed::at(self.source.clock().second(now)),
            at_once,
            duration: operation.unwrap_or_else(|| histogram(&settings.duration)),
            others: has_others.then(|| {
                Box::new(Others {
                    requests: if at_once { Counter::noop() } else { counter(&settings.requests) },
                    // Registered where it counts, since a counter is shown from then on.
                    aborted: ending
                        .reason()
                        .map_or(Counter::noop(), |_| counter(&settings.aborted)),
                    time_to_first_byte: histogram(&settings.time_to_first_byte),
                    request_size: histogram(&settings.request_size),
                    response_size: histogram(&settings.response_size),
                })
            }),
        }
    }

    fn facts(&self, ending: Option<Ending>) -> Facts<'_> {
        let method = self.source.settings().methods.name(self.method);
        Facts { method, endpoint: &self.endpoint, ending, extra: &self.extra, overflown: "" }
    }
}

impl Others {
    #[cold]
    #[inline(never)]
    fn record(&self, details: impl FnOnce() -> Details) {
        let details = details();
        self.requests.increment(1);
        self.aborted.increment(1);
        if let Some(seconds) = details.time_to_first_byte_seconds {
            self.time_to_first_byte.record(seconds);
        }
        if let Some(bytes) = details.request_bytes {
            self.request_size.record(to_f64(bytes));
        }
        self.response_size.record(to_f64(details.response_bytes));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a histogram holds f64; exact up to 2^53 bytes")]
fn to_f64(bytes: u64) -> f64 {
    bytes as f64
}
