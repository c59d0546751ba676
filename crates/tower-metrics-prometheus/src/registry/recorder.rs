//! Recording into the registry.

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Label, Metadata, Recorder, SharedString, Unit,
};
use tower_metrics_core::MetricKind;

use super::Registry;

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

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.with_metric(key, MetricKind::Counter, |_, key| {
            with_escaped(key, |key| self.below.register_counter(key, metadata))
        })
        .unwrap_or(Counter::noop())
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.with_metric(key, MetricKind::Gauge, |_, key| {
            with_escaped(key, |key| self.below.register_gauge(key, metadata))
        })
        .unwrap_or(Gauge::noop())
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.with_metric(key, MetricKind::Histogram, |metric, key| {
            metric.histogram().map(|family| family.register(key))
        })
        .flatten()
        .unwrap_or(Histogram::noop())
    }
}

/// The exporter below takes a pair of backslashes for one that was escaped before, so that two
/// values would become one series; doubled, each comes out as it went in.
fn with_escaped<T>(key: &Key, f: impl FnOnce(&Key) -> T) -> T {
    if !key.labels().any(|label| label.value().contains('\\')) {
        return f(key);
    }
    let labels: Vec<Label> = key
        .labels()
        .map(|label| Label::new(label.key().to_owned(), label.value().replace('\\', r"\\")))
        .collect();
    f(&Key::from_parts(key.name().to_owned(), labels))
}
