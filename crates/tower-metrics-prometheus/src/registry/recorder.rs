//! Recording into the registry.

use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tower_metrics_core::MetricKind;

use super::counter::CounterSeries;
use super::gauge::GaugeSeries;
use super::{Registry, Series, histogram};

impl Recorder for Registry {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.describe(name.as_str(), &help);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.describe(name.as_str(), &help);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.describe(name.as_str(), &help);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.counter(key).map_or(Counter::noop(), Counter::from_arc)
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.gauge(key).map_or(Gauge::noop(), Gauge::from_arc)
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.histogram(key).map_or(Histogram::noop(), Histogram::from_arc)
    }
}

/// The series of a key, made if need be; `None`, once logged, if it would be taken for another's.
impl Registry {
    pub(super) fn counter(&self, key: &Key) -> Option<Arc<CounterSeries>> {
        self.with_metric(key, MetricKind::Counter, |metric, key| match metric.series() {
            Series::Counter(family) => Some(family.series(key)),
            _ => None,
        })?
    }

    pub(super) fn gauge(&self, key: &Key) -> Option<Arc<GaugeSeries>> {
        self.with_metric(key, MetricKind::Gauge, |metric, key| match metric.series() {
            Series::Gauge(family) => Some(family.series(key)),
            _ => None,
        })?
    }

    pub(super) fn histogram(&self, key: &Key) -> Option<Arc<histogram::Series>> {
        self.with_metric(key, MetricKind::Histogram, |metric, key| match metric.series() {
            Series::Histogram(family) => Some(family.one(key)),
            _ => None,
        })?
    }
}
