//! Metrics of the process, the runtime and the build, each behind a feature.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

mod support;

use tokio::runtime::Builder;
use tower_metrics_core::{DeclareError, MetricSpec};
use tower_metrics_prometheus::{BuildInfo, build_info};
use tower_metrics_tests::poll::wait_until_blocking;

use support::{lines, private_exporter};

fn value(line: &str) -> f64 {
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

/// The names that every client library has, with help, and with values that can be true.
#[test]
fn the_process_is_shown_under_the_standard_names() {
    let exporter = private_exporter();
    let observation = exporter.observe_process().unwrap();
    for name in [
        "process_cpu_seconds_total",
        "process_open_fds",
        "process_max_fds",
        "process_virtual_memory_bytes",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_threads",
    ] {
        let help = lines(&exporter, &format!("# HELP {name} "));
        let samples = lines(&exporter, &format!("{name} "));
        assert_eq!((help.len(), samples.len()), (1, 1), "{name}");
        assert!(value(&samples[0]) >= 0.0, "{samples:?}");
    }
    assert!(value(&lines(&exporter, "process_resident_memory_bytes ")[0]) > 100_000.0);
    drop(observation);
    assert_eq!(exporter.render(), "");
}

/// CPU time has fractions: whole seconds would make a rate useless.
#[test]
fn cpu_time_is_not_rounded_to_seconds() {
    let exporter = private_exporter();
    exporter.observe_process().unwrap().detach();
    wait_until_blocking("there is a fraction", || {
        value(&lines(&exporter, "process_cpu_seconds_total ")[0]).fract() > 0.0
    })
    .unwrap();
}

/// Several runtimes, and one that is gone: its last values stay.
#[test]
fn runtimes_are_shown_by_name() {
    let exporter = private_exporter();
    let workers = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let single = Builder::new_current_thread().build().unwrap();
    exporter.observe_runtime("workers", workers.handle()).unwrap().detach();
    exporter.observe_runtime("single", single.handle()).unwrap().detach();
    workers.block_on(async {
        let task = tokio::spawn(std::future::pending::<()>());
        assert_eq!(
            lines(&exporter, "tokio_alive_tasks"),
            [
                r#"tokio_alive_tasks{runtime="single"} 0"#,
                r#"tokio_alive_tasks{runtime="workers"} 1"#
            ]
        );
        task.abort();
    });
    drop(workers);
    assert_eq!(
        lines(&exporter, "tokio_workers"),
        [r#"tokio_workers{runtime="single"} 1"#, r#"tokio_workers{runtime="workers"} 2"#]
    );
    assert_eq!(lines(&exporter, "tokio_worker_busy_seconds_total{").len(), 3);
    assert_eq!(lines(&exporter, "tokio_worker_parks_total{").len(), 3);
}

/// A gauge that is 1, from the manifest of the crate that asks.
#[test]
fn the_build_is_shown_as_labels() {
    let exporter = private_exporter();
    exporter.observe_build_info(build_info!().with_label("revision", "abc")).unwrap().detach();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        lines(&exporter, "build_info{"),
        [format!(
            r#"build_info{{package="tower-metrics-prometheus",version="{version}",revision="abc"}} 1"#
        )]
    );
    let error = exporter.observe_build_info(BuildInfo::new("a", "b").with_label("le", "c"));
    assert!(matches!(error, Err(DeclareError::InvalidLabel { .. })));
}

/// A name that the application uses for something else is an error, and costs nothing else.
#[test]
fn a_name_that_is_taken_is_an_error() {
    let exporter = private_exporter();
    exporter.declare(&[MetricSpec::counter("process_threads")]).unwrap();
    let error = exporter.observe_process().unwrap_err();
    assert_eq!(error.metric(), "process_threads");
    assert_eq!(exporter.render(), "");
}
