//! What the exporter says about itself.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Unit};
use tower_metrics_core::observe::Value as _;
use tower_metrics_core::{Buckets, MetricSpec};

use crate::registry::Registry;

const SCRAPES: &str = "tower_metrics_scrapes_total";
const DURATION: &str = "tower_metrics_scrape_duration_seconds";
const SIZE: &str = "tower_metrics_scrape_size_bytes";
const OUTCOME: &str = "outcome";

/// How a scrape ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    Success,
    Failed,
    Overloaded,
    Unauthorized,
    MethodNotAllowed,
    Cancelled,
}

impl Outcome {
    /// In the order above.
    const ALL: [Self; 6] = [
        Self::Success,
        Self::Failed,
        Self::Overloaded,
        Self::Unauthorized,
        Self::MethodNotAllowed,
        Self::Cancelled,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Overloaded => "overloaded",
            Self::Unauthorized => "unauthorized",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Cancelled => "cancelled",
        }
    }
}

fn specs() -> [MetricSpec; 3] {
    [
        MetricSpec::counter(SCRAPES)
            .with_help("Number of scrapes, by how they ended.")
            .with_labels([OUTCOME]),
        MetricSpec::histogram(DURATION, Buckets::http())
            .with_help("Time from the arrival of a scrape to the end of its rendering.")
            .with_unit(Unit::Seconds),
        MetricSpec::gauge(SIZE)
            .with_help("Size of the metrics at the last scrape, before compression.")
            .with_unit(Unit::Bytes),
    ]
}

/// The handles, resolved once.
#[derive(Debug)]
pub(crate) struct SelfMetrics {
    scrapes: [Counter; Outcome::ALL.len()],
    duration: Histogram,
    size: Gauge,
}

impl SelfMetrics {
    pub(crate) fn new(registry: &Registry) -> Self {
        if let Err(error) = registry.declare(&specs()) {
            tracing::warn!(%error, "the exporter cannot say how it is scraped");
            return Self::none();
        }
        metrics::with_local_recorder(registry, || Self {
            scrapes: Outcome::ALL
                .map(|outcome| metrics::counter!(SCRAPES, OUTCOME => outcome.as_str())),
            duration: metrics::histogram!(DURATION),
            size: metrics::gauge!(SIZE),
        })
    }

    /// Says nothing.
    pub(crate) fn none() -> Self {
        let scrapes = Outcome::ALL.map(|_| Counter::noop());
        Self { scrapes, duration: Histogram::noop(), size: Gauge::noop() }
    }

    pub(crate) fn count(&self, ended: Outcome) {
        if let Some(scrapes) = self.scrapes.get(ended as usize) {
            scrapes.increment(1);
        }
    }

    pub(crate) fn record_duration(&self, duration: Duration) {
        self.duration.record(duration);
    }

    pub(crate) fn set_size(&self, bytes: usize) {
        self.size.set(bytes.into_f64());
    }
}
