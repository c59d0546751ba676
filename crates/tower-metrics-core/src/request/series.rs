//! The handles of one endpoint, resolved on first sight and then only read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use metrics::{Counter, Gauge, Histogram};

use super::append_list::AppendList;
use super::instruments::Cache;
use super::outcome::{AbortReason, Outcome, Status};
use super::source::Source;
use crate::labels::Method;
use crate::spec::MetricSpec;

/// How many seconds a handle may lie unused before it is resolved again: an exporter may have
/// forgotten its series by then, and what is recorded into the old handle would be lost.
const STALE_AFTER: u64 = 5;

/// Everything that is recorded under one endpoint.
#[derive(Debug)]
pub(crate) struct Series {
    endpoint: Arc<str>,
    source: Arc<Source>,
    /// Guards hold series, and find the cache by them while it is there.
    cache: Weak<Cache>,
    stale_after: u64,
    methods: AppendList<Method, MethodSeries>,
}

/// The handles of one endpoint and method; those of metrics that are off do nothing.
#[derive(Debug)]
struct MethodSeries {
    used: LastUsed,
    in_flight: Gauge,
    /// Resolved when the first request ends, since a histogram is shown from then on: the request
    /// may turn out to belong to another endpoint.
    histograms: OnceLock<Histograms>,
    requests: AppendList<Status, TrackedCounter>,
    aborted: AppendList<AbortReason, TrackedCounter>,
}

#[derive(Debug)]
struct Histograms {
    duration: Histogram,
    time_to_first_byte: Histogram,
    request_size: Histogram,
    response_size: Histogram,
}

#[derive(Debug)]
struct TrackedCounter {
    used: LastUsed,
    counter: Counter,
}

/// The second in which something was used last.
#[derive(Debug)]
struct LastUsed(AtomicU64);

impl Series {
    /// Prepares the handles of `endpoint`; none is resolved yet.
    pub(crate) fn new(endpoint: Arc<str>, source: Arc<Source>, cache: Weak<Cache>) -> Self {
        // Without a recorder handles do nothing, so look again every second until there is one.
        let stale_after = if source.is_recording() { STALE_AFTER } else { 0 };
        Self { endpoint, source, cache, stale_after, methods: AppendList::default() }
    }

    /// The series of another endpoint of the same layer.
    pub(crate) fn of(&self, endpoint: &str) -> Arc<Self> {
        match self.cache.upgrade() {
            Some(cache) => cache.series(endpoint),
            None => Arc::new(self.for_endpoint(endpoint.into())),
        }
    }

    /// The same series with handles yet to be resolved, for when these are stale.
    pub(crate) fn renewed(self: &Arc<Self>) -> Arc<Self> {
        match self.cache.upgrade() {
            Some(cache) => cache.renew(self),
            None => Arc::new(self.for_endpoint(Arc::clone(&self.endpoint))),
        }
    }

    /// Makes series outside of the cache, once that is gone and nobody else needs them.
    fn for_endpoint(&self, endpoint: Arc<str>) -> Self {
        Self::new(endpoint, Arc::clone(&self.source), Weak::clone(&self.cache))
    }

    pub(crate) fn endpoint(&self) -> &Arc<str> {
        &self.endpoint
    }

    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Counts a request of `method` in. `false`, and nothing counted, if the handles are stale.
    #[must_use]
    pub(crate) fn arrive(&self, method: Method, second: u64) -> bool {
        let series = self.method(method, second);
        let fresh = series.used.touch(second, self.stale_after);
        if fresh {
            series.in_flight.increment(1.0);
        }
        fresh
    }

    /// Counts out a request that was counted in here.
    pub(crate) fn leave(&self, method: Method, second: u64) {
        self.method(method, second).in_flight.decrement(1.0);
    }

    /// Records a request that ended. `false`, and nothing recorded, if a handle is stale.
    #[must_use]
    pub(crate) fn record(&self, method: Method, outcome: &Outcome, second: u64) -> bool {
        let series = self.method(method, second);
        let request = series.requests.get_or_insert_with(outcome.status, || {
            TrackedCounter::new(self.requests_counter(method, outcome.status), second)
        });
        let aborted = outcome.reason.map(|reason| {
            series.aborted.get_or_insert_with(reason, || {
                TrackedCounter::new(self.aborted_counter(method, reason), second)
            })
        });

        let fresh = series.used.touch(second, self.stale_after)
            && request.used.touch(second, self.stale_after)
            && aborted.is_none_or(|aborted| aborted.used.touch(second, self.stale_after));
        if !fresh {
            return false;
        }
        request.counter.increment(1);
        if let Some(aborted) = aborted {
            aborted.counter.increment(1);
        }
        let histograms = series.histograms.get_or_init(|| self.histograms(method));
        histograms.duration.record(outcome.duration_seconds);
        if let Some(seconds) = outcome.time_to_first_byte_seconds {
            histograms.time_to_first_byte.record(seconds);
        }
        if let Some(bytes) = outcome.request_bytes {
            histograms.request_size.record(to_f64(bytes));
        }
        histograms.response_size.record(to_f64(outcome.response_bytes));
        true
    }

    fn method(&self, method: Method, second: u64) -> &MethodSeries {
        self.methods.get_or_insert_with(method, || {
            let in_flight = &self.source.settings().in_flight;
            MethodSeries {
                used: LastUsed::at(second),
                in_flight: self.source.gauge(in_flight, &[method.as_str()]),
                histograms: OnceLock::new(),
                requests: AppendList::default(),
                aborted: AppendList::default(),
            }
        })
    }

    fn histograms(&self, method: Method) -> Histograms {
        let settings = self.source.settings();
        let labels = [method.as_str(), &self.endpoint];
        let histogram = |spec: &MetricSpec| self.source.histogram(spec, &labels);
        let optional =
            |spec: &Option<MetricSpec>| spec.as_ref().map_or(Histogram::noop(), histogram);
        Histograms {
            duration: histogram(&settings.duration),
            time_to_first_byte: optional(&settings.time_to_first_byte),
            request_size: optional(&settings.request_size),
            response_size: optional(&settings.response_size),
        }
    }

    fn requests_counter(&self, method: Method, status: Status) -> Counter {
        let settings = self.source.settings();
        let code = status.http.to_string();
        let grpc = status.grpc.map_or_else(String::new, |grpc| grpc.code().to_string());
        // The specification lists `grpc_status` only where that is switched on.
        let labels = [method.as_str(), &self.endpoint, &code, &grpc];
        self.source.counter(&settings.requests, &labels)
    }

    fn aborted_counter(&self, method: Method, reason: AbortReason) -> Counter {
        let labels = [method.as_str(), &self.endpoint, reason.as_str()];
        self.source.counter(&self.source.settings().aborted, &labels)
    }
}

impl TrackedCounter {
    fn new(counter: Counter, second: u64) -> Self {
        Self { used: LastUsed::at(second), counter }
    }
}

impl LastUsed {
    fn at(second: u64) -> Self {
        Self(AtomicU64::new(second))
    }

    /// Notes a use; `false` if the last one is more than `limit` seconds ago.
    fn touch(&self, second: u64, limit: u64) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        if second.saturating_sub(last) > limit {
            return false;
        }
        // Written once a second, so that the line stays shared between cores.
        if second > last {
            self.0.store(second, Ordering::Relaxed);
        }
        true
    }
}

#[expect(clippy::cast_precision_loss, reason = "a histogram holds f64; exact up to 2^53 bytes")]
fn to_f64(bytes: u64) -> f64 {
    bytes as f64
}
