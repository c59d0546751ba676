//! Metrics of a tokio runtime.

use metrics::Unit;
use tokio::runtime::{Handle, RuntimeMetrics};
use tower_metrics_core::{DeclareError, MetricSpec, Observation, Observer};

use crate::exporter::Exporter;

const WORKERS: &str = "tokio_workers";
const TASKS: &str = "tokio_alive_tasks";
const QUEUE: &str = "tokio_global_queue_depth";
const BUSY: &str = "tokio_worker_busy_seconds_total";
const PARKS: &str = "tokio_worker_parks_total";
const RUNTIME: &str = "runtime";
const WORKER: &str = "worker";

impl Exporter {
    /// Observes a tokio runtime: its workers, how busy each of them is, its tasks, and those that
    /// wait in the global queue; what tokio tells without `tokio_unstable`. The label `runtime` is
    /// `name`, which tells several of them apart.
    ///
    /// ```
    /// use tower_metrics_prometheus::Exporter;
    ///
    /// let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    /// let exporter = Exporter::builder().build()?;
    /// exporter.observe_runtime("main", runtime.handle())?.detach();
    /// assert!(exporter.render().contains("tokio_workers{runtime=\"main\"} 1\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DeclareError`] if one of the names stands for something else.
    pub fn observe_runtime(
        &self,
        name: impl Into<String>,
        runtime: &Handle,
    ) -> Result<Observation, DeclareError> {
        let (name, metrics) = (name.into(), runtime.metrics());
        self.observe(&specs(), move |observer| observe(&name, &metrics, observer))
    }
}

fn specs() -> [MetricSpec; 5] {
    [
        MetricSpec::gauge(WORKERS)
            .with_help("Number of worker threads of a tokio runtime.")
            .with_labels([RUNTIME]),
        MetricSpec::gauge(TASKS)
            .with_help("Number of tasks of a tokio runtime that have not ended.")
            .with_labels([RUNTIME]),
        MetricSpec::gauge(QUEUE)
            .with_help("Number of tasks that wait in the global queue of a tokio runtime.")
            .with_labels([RUNTIME]),
        MetricSpec::counter(BUSY)
            .with_help("Time that a worker of a tokio runtime was busy.")
            .with_unit(Unit::Seconds)
            .with_labels([RUNTIME, WORKER]),
        MetricSpec::counter(PARKS)
            .with_help("Number of times that a worker of a tokio runtime had nothing to do.")
            .with_labels([RUNTIME, WORKER]),
    ]
}

fn observe(name: &str, metrics: &RuntimeMetrics, observer: &mut Observer<'_>) {
    let runtime = (RUNTIME, name);
    observer.gauge(WORKERS, &[runtime], metrics.num_workers());
    observer.gauge(TASKS, &[runtime], metrics.num_alive_tasks());
    observer.gauge(QUEUE, &[runtime], metrics.global_queue_depth());
    for worker in 0..metrics.num_workers() {
        let labels = [runtime, (WORKER, &*worker.to_string())];
        observer.counter(BUSY, &labels, metrics.worker_total_busy_duration(worker));
        observer.counter(PARKS, &labels, metrics.worker_park_count(worker));
    }
}
