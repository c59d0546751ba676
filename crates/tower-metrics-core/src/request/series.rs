//! The handles of one endpoint, resolved on first sight and then only read.

use std::sync::{Arc, Weak};

use metrics::{Counter, Gauge, Histogram};

use super::instruments::Cache;
use super::keyed::Keyed;
use super::outcome::{Ending, Measurements};
use super::settings::{Facts, Metric};
use super::source::Source;
use crate::labels::MethodLabel;
use crate::resolved::{LastUsed, STALE_AFTER};

/// Everything that is recorded under one endpoint.
#[derive(Debug)]
pub(crate) struct Series {
    endpoint: Arc<str>,
    source: Arc<Source>,
    /// Guards hold series, and find the cache by them while it is there.
    cache: Weak<Cache>,
    stale_after: u64,
    arriving: Keyed<MethodLabel, Arriving>,
    ended: Keyed<(MethodLabel, Ending), Ended>,
}

/// What is recorded when a request arrives, and taken back when it ends.
#[derive(Debug)]
struct Arriving {
    used: LastUsed,
    in_flight: Gauge,
}

/// What is recorded when a request has ended in one way; the handles of metrics that are off do
/// nothing.
#[derive(Debug)]
struct Ended {
    used: LastUsed,
    requests: Counter,
    aborted: Counter,
    duration: Histogram,
    time_to_first_byte: Histogram,
    request_size: Histogram,
    response_size: Histogram,
}

impl Series {
    /// Prepares the handles of `endpoint`; none is resolved yet.
    pub(crate) fn new(endpoint: Arc<str>, source: Arc<Source>, cache: Weak<Cache>) -> Self {
        // Without a recorder handles do nothing, so look again every second until there is one.
        let stale_after = if source.is_recording() { STALE_AFTER } else { 0 };
        Self {
            endpoint,
            source,
            cache,
            stale_after,
            arriving: Keyed::default(),
            ended: Keyed::default(),
        }
    }

    /// The series of another endpoint of the same middleware.
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

    /// Counts a request in. `false`, and nothing counted, if the handles are stale.
    #[must_use]
    pub(crate) fn arrive(&self, method: MethodLabel, extra: &[Arc<str>], second: u64) -> bool {
        self.with_arriving(method, extra, second, |arriving| {
            let fresh = arriving.used.touch(second, self.stale_after);
            if fresh {
                arriving.in_flight.increment(1.0);
            }
            fresh
        })
    }

    /// Counts out a request that was counted in here, with the same extra label values.
    pub(crate) fn leave(&self, method: MethodLabel, extra: &[Arc<str>], second: u64) {
        self.with_arriving(method, extra, second, |arriving| arriving.in_flight.decrement(1.0));
    }

    /// Records a request that ended. `false`, and nothing recorded, if a handle is stale.
    #[must_use]
    pub(crate) fn record(
        &self,
        (method, extra): (MethodLabel, &[Arc<str>]),
        (ending, measured): (Ending, &Measurements),
        second: u64,
    ) -> bool {
        let make = || self.ended(method, extra, ending, second);
        self.ended.with(((method, ending), extra), make, |ended| {
            let fresh = ended.used.touch(second, self.stale_after);
            if fresh {
                ended.record(ending, measured);
            }
            fresh
        })
    }

    fn with_arriving<T>(
        &self,
        method: MethodLabel,
        extra: &[Arc<str>],
        second: u64,
        f: impl FnOnce(&Arriving) -> T,
    ) -> T {
        let make = || {
            let facts = self.facts(method, extra);
            let in_flight = &self.source.settings().in_flight;
            let gauge = |metric: &Metric| self.source.gauge(metric, &facts);
            Arriving {
                used: LastUsed::at(second),
                in_flight: in_flight.as_ref().map_or(Gauge::noop(), gauge),
            }
        };
        self.arriving.with((method, extra), make, f)
    }

    fn ended(&self, method: MethodLabel, extra: &[Arc<str>], ending: Ending, second: u64) -> Ended {
        let facts = Facts { ending: Some(ending), ..self.facts(method, extra) };
        let counter = |metric: &Option<Metric>| {
            metric.as_ref().map_or(Counter::noop(), |metric| self.source.counter(metric, &facts))
        };
        let histogram = |metric: &Option<Metric>| {
            let make = |metric| self.source.histogram(metric, &facts);
            metric.as_ref().map_or(Histogram::noop(), make)
        };
        let settings = self.source.settings();
        Ended {
            used: LastUsed::at(second),
            requests: counter(&settings.requests),
            // Registered where it counts, since a counter is shown from then on.
            aborted: ending.reason.map_or(Counter::noop(), |_| counter(&settings.aborted)),
            duration: histogram(&settings.duration),
            time_to_first_byte: histogram(&settings.time_to_first_byte),
            request_size: histogram(&settings.request_size),
            response_size: histogram(&settings.response_size),
        }
    }

    fn facts<'a>(&'a self, method: MethodLabel, extra: &'a [Arc<str>]) -> Facts<'a> {
        let method = self.source.settings().methods.name(method);
        Facts { method, endpoint: &self.endpoint, ending: None, extra, overflown: "" }
    }
}

impl Ended {
    fn record(&self, ending: Ending, measured: &Measurements) {
        self.requests.increment(1);
        if ending.reason.is_some() {
            self.aborted.increment(1);
        }
        self.duration.record(measured.duration_seconds);
        if let Some(seconds) = measured.time_to_first_byte_seconds {
            self.time_to_first_byte.record(seconds);
        }
        if let Some(bytes) = measured.request_bytes {
            self.request_size.record(to_f64(bytes));
        }
        self.response_size.record(to_f64(measured.response_bytes));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a histogram holds f64; exact up to 2^53 bytes")]
fn to_f64(bytes: u64) -> f64 {
    bytes as f64
}
