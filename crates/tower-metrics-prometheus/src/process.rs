//! Metrics of the process.

use metrics::Unit;
use metrics_process::collector::{self, Metrics};
use tower_metrics_core::{DeclareError, MetricSpec, Observation, Observer};

use crate::exporter::Exporter;

const CPU_SECONDS: &str = "process_cpu_seconds_total";
const OPEN_FDS: &str = "process_open_fds";
const MAX_FDS: &str = "process_max_fds";
const VIRTUAL_MEMORY: &str = "process_virtual_memory_bytes";
const MAX_VIRTUAL_MEMORY: &str = "process_virtual_memory_max_bytes";
const RESIDENT_MEMORY: &str = "process_resident_memory_bytes";
const START_TIME: &str = "process_start_time_seconds";
const THREADS: &str = "process_threads";

impl Exporter {
    /// Observes the process, by the [names] that every Prometheus client has: CPU time, memory,
    /// file descriptors, start time, threads. What the operating system does not tell is left out.
    ///
    /// [names]: https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
    ///
    /// ```
    /// use tower_metrics_prometheus::Exporter;
    ///
    /// let exporter = Exporter::builder().build()?;
    /// exporter.observe_process()?.detach();
    /// assert!(exporter.render().contains("process_resident_memory_bytes "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DeclareError`] if one of the names stands for something else, or the process is observed
    /// already.
    pub fn observe_process(&self) -> Result<Observation, DeclareError> {
        self.observe(&specs(), |observer| observe(&collector::collect(), observer))
    }
}

fn specs() -> [MetricSpec; 8] {
    [
        MetricSpec::counter(CPU_SECONDS)
            .with_help("Total user and system CPU time spent in seconds.")
            .with_unit(Unit::Seconds),
        MetricSpec::gauge(OPEN_FDS).with_help("Number of open file descriptors."),
        MetricSpec::gauge(MAX_FDS).with_help("Maximum number of open file descriptors."),
        MetricSpec::gauge(VIRTUAL_MEMORY)
            .with_help("Virtual memory size in bytes.")
            .with_unit(Unit::Bytes),
        MetricSpec::gauge(MAX_VIRTUAL_MEMORY)
            .with_help("Maximum amount of virtual memory available in bytes.")
            .with_unit(Unit::Bytes),
        MetricSpec::gauge(RESIDENT_MEMORY)
            .with_help("Resident memory size in bytes.")
            .with_unit(Unit::Bytes),
        MetricSpec::gauge(START_TIME)
            .with_help("Start time of the process since unix epoch in seconds.")
            .with_unit(Unit::Seconds),
        MetricSpec::gauge(THREADS).with_help("Number of OS threads in the process."),
    ]
}

fn observe(process: &Metrics, observer: &mut Observer<'_>) {
    if let Some(seconds) = process.cpu_seconds_total {
        observer.counter(CPU_SECONDS, &[], seconds);
    }
    // 0 stands for no limit, which is not a limit of 0.
    let limit = |limit: Option<u64>| limit.filter(|&limit| limit > 0);
    let gauges = [
        (OPEN_FDS, process.open_fds),
        (MAX_FDS, limit(process.max_fds)),
        (VIRTUAL_MEMORY, process.virtual_memory_bytes),
        (MAX_VIRTUAL_MEMORY, limit(process.virtual_memory_max_bytes)),
        (RESIDENT_MEMORY, process.resident_memory_bytes),
        (START_TIME, process.start_time_seconds),
        (THREADS, process.threads),
    ];
    for (metric, value) in gauges {
        if let Some(value) = value {
            observer.gauge(metric, &[], value);
        }
    }
}
