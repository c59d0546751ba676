//! Recording into the registry.

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tower_metrics_core::MetricKind;

use super::{Registry, Series};

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
        self.with_metric(key, MetricKind::Counter, |metric, key| match metric.series() {
            Series::Counter(family) => family.register(key),
            _ => Counter::noop(),
        })
        .unwrap_or(Counter::noop())
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.with_metric(key, MetricKind::Gauge, |metric, key| match metric.series() {
            Series::Gauge(family) => family.register(key),
            _ => Gauge::noop(),
        })
        .unwrap_or(Gauge::noop())
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.with_metric(key, MetricKind::Histogram, |metric, key| match metric.series() {
            Series::Histogram(family) => family.register(key),
            _ => Histogram::noop(),
        })
        .unwrap_or(Histogram::noop())
    }
}
