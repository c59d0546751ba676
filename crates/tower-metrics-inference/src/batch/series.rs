//! The series of one job.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use metrics::{Counter, Histogram};
use quanta::Instant;
use tower_metrics_prometheus::Exporter;

use super::status::ItemStatus;
use crate::models::Source;
use crate::names::InferenceMetric as Metric;

/// Everything that is recorded for a job.
///
/// The handles are resolved once, since the exporter keeps them.
pub(super) struct Series {
    source: Source,
    model: String,
    processed: [Counter; ItemStatus::ALL.len()],
    item_duration: Histogram,
}

impl Series {
    /// Shows what there is from the start of a job on: its counts, at zero, and its histogram.
    pub(super) fn new(exporter: &Exporter, model: String) -> Self {
        let source = Source::new(Arc::new(exporter.recorder()), false, 0);
        let counter =
            |status: ItemStatus| source.counter(Metric::BatchProcessed, &[&model, status.as_str()]);
        let processed = ItemStatus::EACH.map(counter);
        let item_duration = source.histogram(Metric::BatchItemDuration, &[&model]);
        Self { source, model, processed, item_duration }
    }

    pub(super) fn model(&self) -> &str {
        &self.model
    }

    /// Records an item that ends now.
    pub(super) fn item(&self, began: Instant, status: ItemStatus) {
        let [success, error, cancelled] = &self.processed;
        let processed = match status {
            ItemStatus::Success => success,
            ItemStatus::Error => error,
            ItemStatus::Cancelled => cancelled,
        };
        processed.increment(1);
        self.item_duration.record(began.elapsed().as_secs_f64());
    }

    /// Records that the job has ended, in whatever way.
    pub(super) fn set_duration(&self, duration: Duration) {
        self.source.gauge(Metric::BatchDuration, &[&self.model]).set(duration.as_secs_f64());
    }

    /// Records that the job has succeeded now.
    pub(super) fn set_last_success(&self) {
        // A clock that stands before 1970 has no time worth showing.
        if let Ok(now) = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            self.source.gauge(Metric::BatchLastSuccess, &[&self.model]).set(now.as_secs_f64());
        }
    }
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Series").field("model", &self.model).finish_non_exhaustive()
    }
}
