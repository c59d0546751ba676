//! The end of an operation, recorded at once.

use std::sync::Arc;

use metrics::{Gauge, Histogram, HistogramFn, Key};
use tower_metrics_core::backend::Operation;
use tower_metrics_core::threads;

use super::cells::{Cells, OwnCells, Write as _};
use super::counter::CounterSeries;
use super::gauge::{GaugeSeries, OwnGauge, TAKEN};
use super::histogram::OwnSamples;
use super::{Registry, histogram};

/// The series of an operation.
struct OperationSeries {
    cells: Arc<Cells>,
    in_flight: Arc<GaugeSeries>,
    total: Arc<CounterSeries>,
    duration: Arc<histogram::Series>,
}

/// The series of an operation, and where their numbers lie for one thread.
struct OwnOperation {
    /// Whose those are.
    place: usize,
    in_flight: OwnCells,
    total: OwnCells,
    duration: OwnSamples,
    series: OperationSeries,
}

impl Registry {
    /// The handle of an operation; `None` if one of its series would not be recorded.
    pub(crate) fn register_operation(&self, operation: &Operation<'_>) -> Option<Histogram> {
        let in_flight = self.gauge(operation.in_flight)?;
        let total = self.counter(operation.total)?;
        let duration = self.histogram(operation.duration)?;
        in_flight.expect_counts();
        let cells = Arc::clone(&self.common.cells);
        let series = OperationSeries { cells, in_flight, total, duration };
        Some(match OwnOperation::new(series, threads::place()) {
            Ok(operation) => Histogram::from_arc(Arc::new(operation)),
            Err(series) => Histogram::from_arc(Arc::new(series)),
        })
    }

    /// The handle of a gauge that the calling thread uses most.
    pub(crate) fn register_own_gauge(&self, key: &Key) -> Gauge {
        let Some(series) = self.gauge(key) else { return Gauge::noop() };
        match OwnGauge::new(&series, threads::place()) {
            Some(gauge) => Gauge::from_arc(Arc::new(gauge)),
            None => Gauge::from_arc(series),
        }
    }
}

impl OwnOperation {
    fn new(series: OperationSeries, place: usize) -> Result<Self, OperationSeries> {
        let OperationSeries { in_flight, total, duration, .. } = &series;
        let own = || Some((in_flight.own(place)?, total.own(place)?, duration.own(place)?));
        match own() {
            Some((in_flight, total, duration)) => {
                Ok(Self { place, in_flight, total, duration, series })
            }
            None => Err(series),
        }
    }
}

impl HistogramFn for OwnOperation {
    fn record(&self, value: f64) {
        if threads::place() != self.place {
            return self.series.record(value);
        }
        self.duration.add(value);
        self.total.add(0, 1);
        self.in_flight.add(TAKEN, 1);
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
        // Threads record into handles of others.
        let own = recorder.register_own_gauge(&jobs, &METADATA);
        let operation = register(&jobs, &total).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                own.increment(4.0);
                own.decrement(1.0);
                operation.record(0.5);
            });
        });
        own.increment(0.5);
        operation.record(0.5);
        let text = exporter.render();
        for line in ["jobs 2.5", "jobs_total 9", "job_seconds_bucket{le=\"1\"} 2"] {
            assert!(text.lines().any(|shown| shown == line), "{line} in {text}");
        }
        in_flight.set(0.0);
        assert!(exporter.render().lines().any(|line| line == "jobs 0"));

        // What is no counter would lose its part.
        recorder.register_gauge(&other, &METADATA).set(1.0);
        assert!(register(&jobs, &other).is_none());
    }
}
