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
