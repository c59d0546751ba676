//! The end of an operation, recorded at once.

use std::sync::Arc;

use metrics::{Histogram, HistogramFn, Key};
use tower_metrics_core::MetricKind;
use tower_metrics_core::backend::Operation;

use super::cells::Cells;
use super::scalar::{CounterSeries, GaugeSeries};
use super::{Registry, Series, histogram};

/// The series of an operation.
struct OperationSeries {
    cells: Arc<Cells>,
    in_flight: Arc<GaugeSeries>,
    total: Arc<CounterSeries>,
    duration: Arc<histogram::Series>,
}

impl Registry {
    /// The handle of an operation; `None` if one of its series would not be recorded.
    pub(crate) fn register_operation(&self, operation: &Operation<'_>) -> Option<Histogram> {
        let in_flight = |metric: &Series, key: &Key| match metric {
            Series::Gauge(family) => Some(family.series(key)),
            _ => None,
        };
        let total = |metric: &Series, key: &Key| match metric {
            Series::Counter(family) => Some(family.series(key)),
            _ => None,
        };
        let duration = |metric: &Series, key: &Key| match metric {
            Series::Histogram(family) => Some(family.one(key)),
            _ => None,
        };
        let in_flight = self.series(operation.in_flight, MetricKind::Gauge, in_flight)?;
        let total = self.series(operation.total, MetricKind::Counter, total)?;
        let duration = self.series(operation.duration, MetricKind::Histogram, duration)?;
        in_flight.expect_counts();
        let cells = Arc::clone(&self.common.cells);
        Some(Histogram::from_arc(Arc::new(OperationSeries { cells, in_flight, total, duration })))
    }

    fn series<T>(
        &self,
        key: &Key,
        kind: MetricKind,
        find: impl FnOnce(&Series, &Key) -> Option<T>,
    ) -> Option<T> {
        self.with_metric(key, kind, |metric, key| find(metric.series(), key)).flatten()
    }
}

impl HistogramFn for OperationSeries {
    fn record(&self, value: f64) {
        let own = self.cells.own();
        self.duration.add(&own, value, 1);
        self.total.count(&own);
        self.in_flight.leave(&own);
    }
}

#[cfg(test)]
mod tests {
    use metrics::{Level, Metadata, Recorder as _};
    use tower_metrics_core::{Backend as _, Buckets, MetricSpec};

    use crate::Exporter;

    use super::*;

    const METADATA: Metadata<'_> = Metadata::new("test", Level::INFO, None);

    /// One sample changes all three series, which others change as well.
    #[test]
    fn a_sample_is_the_end_of_one_operation() {
        let exporter = Exporter::builder().build().unwrap();
        let recorder = exporter.recorder();
        let buckets = Buckets::new([1.0, 2.0]).unwrap();
        let timed = MetricSpec::histogram("job_seconds", buckets);
        recorder.declare(&[timed]).unwrap();
        let [jobs, total, seconds, other] =
            ["jobs", "jobs_total", "job_seconds", "others"].map(Key::from_static_name);
        let in_flight = recorder.register_gauge(&jobs, &METADATA);
        let register = |in_flight, total| {
            let operation = Operation::new(in_flight, total, &seconds);
            recorder.register_operation(&operation, &METADATA)
        };

        in_flight.increment(3.0);
        register(&jobs, &total).unwrap().record(1.5);
        register(&jobs, &total).unwrap().record(4.0);
        recorder.register_counter(&total, &METADATA).increment(5);
        let text = exporter.render();
        for line in [
            "jobs 1",
            "jobs_total 7",
            "job_seconds_bucket{le=\"1\"} 0",
            "job_seconds_bucket{le=\"2\"} 1",
            "job_seconds_sum 5.5",
            "job_seconds_count 2",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line} in {text}");
        }
        in_flight.set(0.0);
        assert!(exporter.render().lines().any(|line| line == "jobs 0"));

        // What is no counter would lose its part.
        recorder.register_gauge(&other, &METADATA).set(1.0);
        assert!(register(&jobs, &other).is_none());
    }
}
