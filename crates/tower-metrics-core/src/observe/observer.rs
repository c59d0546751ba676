//! What a closure fills in.

use std::fmt;

use super::value::Value;
use crate::spec::MetricKind;

/// Takes the values that a closure reads.
pub struct Observer<'a> {
    sink: &'a mut dyn FnMut(Sample<'_>),
}

/// One value, on its way into an exposition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<'a> {
    metric: &'a str,
    kind: MetricKind,
    labels: &'a [(&'a str, &'a str)],
    value: f64,
}

impl<'a> Observer<'a> {
    /// Hands each sample to `sink`. For backends.
    pub fn new(sink: &'a mut dyn FnMut(Sample<'_>)) -> Self {
        Self { sink }
    }

    /// Gives the present value of a gauge, one of the metrics that were declared with the closure.
    /// `labels` are all those of its specification, in any order. NaN is no value.
    pub fn gauge(&mut self, metric: &str, labels: &[(&str, &str)], value: impl Value) {
        let value = value.into_f64();
        (self.sink)(Sample { metric, kind: MetricKind::Gauge, labels, value });
    }

    /// Gives the total that a counter has reached elsewhere. As for [`gauge`](Self::gauge); a
    /// total is neither negative nor infinite.
    pub fn counter(&mut self, metric: &str, labels: &[(&str, &str)], total: impl Value) {
        let value = total.into_f64();
        (self.sink)(Sample { metric, kind: MetricKind::Counter, labels, value });
    }
}

impl<'a> Sample<'a> {
    /// The name of the metric.
    pub fn metric(&self) -> &'a str {
        self.metric
    }

    /// Gauge or counter.
    pub fn kind(&self) -> MetricKind {
        self.kind
    }

    /// The labels: names and values.
    pub fn labels(&self) -> &'a [(&'a str, &'a str)] {
        self.labels
    }

    /// The value.
    pub fn value(&self) -> f64 {
        self.value
    }
}

impl fmt::Debug for Observer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}
