//! What the exporter says about how it is scraped.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Unit};
use tower_metrics_core::observe::Value as _;
use tower_metrics_core::{Buckets, MetricSpec};

use super::outcome::ScrapeOutcome;
use crate::registry::Registry;

const SCRAPES: &str = "tower_metrics_scrapes_total";
const DURATION: &str = "tower_metrics_scrape_duration_seconds";
const SIZE: &str = "tower_metrics_scrape_size_bytes";
const OUTCOME: &str = "outcome";

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
    scrapes: [Counter; ScrapeOutcome::ALL.len()],
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
            scrapes: ScrapeOutcome::ALL
                .map(|outcome| metrics::counter!(SCRAPES, OUTCOME => outcome.as_str())),
            duration: metrics::histogram!(DURATION),
            size: metrics::gauge!(SIZE),
        })
    }

    /// Says nothing.
    pub(crate) fn none() -> Self {
        let scrapes = ScrapeOutcome::ALL.map(|_| Counter::noop());
        Self { scrapes, duration: Histogram::noop(), size: Gauge::noop() }
    }

    pub(crate) fn count(&self, ended: ScrapeOutcome) {
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
