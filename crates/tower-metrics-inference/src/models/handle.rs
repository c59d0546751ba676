//! One series of a model.

use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram};
use quanta::Instant;
use tower_metrics_core::Resolved;

use super::source::Source;
use crate::names::InferenceMetric;

/// The handle of one series, looked up for itself.
///
/// A recorder forgets each series for itself too, so that others of the same model are in use says
/// nothing about this one.
#[derive(Debug)]
pub(crate) struct Handle<H> {
    source: Arc<Source>,
    metric: InferenceMetric,
    model: Arc<str>,
    /// The value of the label besides the model's name.
    value: Option<Arc<str>>,
    resolved: Resolved<H>,
}

/// What can be looked up in a source.
pub(crate) trait Registered: Sized {
    fn register(source: &Source, metric: InferenceMetric, values: &[&str]) -> Self;
}

impl<H: Registered> Handle<H> {
    pub(crate) fn new(
        source: &Arc<Source>,
        model: &Arc<str>,
        metric: InferenceMetric,
        value: Option<&str>,
    ) -> Self {
        Self {
            source: Arc::clone(source),
            metric,
            model: Arc::clone(model),
            value: value.map(Into::into),
            resolved: Resolved::default(),
        }
    }

    /// Hands the handle to `f`.
    pub(crate) fn with<T>(&self, now: Instant, f: impl FnOnce(&H) -> T) -> T {
        self.resolved.with(now, &*self.source.backend, || self.register(), f)
    }

    /// Makes the series visible.
    pub(crate) fn show(&self) {
        self.resolved.renew(&*self.source.backend, || self.register());
    }

    fn register(&self) -> H {
        match &self.value {
            None => H::register(&self.source, self.metric, &[&self.model]),
            Some(value) => H::register(&self.source, self.metric, &[&self.model, value]),
        }
    }
}

impl Handle<Counter> {
    pub(crate) fn increment(&self, now: Instant, count: u64) {
        self.with(now, |counter| counter.increment(count));
    }
}

impl Handle<Gauge> {
    /// Adds one, and returns the very gauge that it is to be taken from again.
    pub(crate) fn enter(&self, now: Instant) -> Gauge {
        self.with(now, enter)
    }

    /// As [`enter`](Self::enter), and says whether the handle had to be looked up for it.
    pub(crate) fn enter_anew(&self, now: Instant) -> (Gauge, bool) {
        let mut is_anew = false;
        let register = || {
            is_anew = true;
            self.register()
        };
        (self.resolved.with(now, &*self.source.backend, register, enter), is_anew)
    }
}

impl Handle<Histogram> {
    pub(crate) fn record(&self, now: Instant, value: f64) {
        self.with(now, |histogram| histogram.record(value));
    }
}

fn enter(gauge: &Gauge) -> Gauge {
    gauge.increment(1.0);
    gauge.clone()
}

impl Registered for Counter {
    fn register(source: &Source, metric: InferenceMetric, values: &[&str]) -> Self {
        source.counter(metric, values)
    }
}

impl Registered for Gauge {
    fn register(source: &Source, metric: InferenceMetric, values: &[&str]) -> Self {
        source.gauge(metric, values)
    }
}

impl Registered for Histogram {
    fn register(source: &Source, metric: InferenceMetric, values: &[&str]) -> Self {
        source.histogram(metric, values)
    }
}
