//! Series that nobody updates any more.

mod support;

use std::time::Duration;

use metrics::with_local_recorder;
use tower_metrics_core::MetricSpec;
use tower_metrics_prometheus::Exporter;
use tower_metrics_tests::poll::wait_until_blocking;

use support::lines;

/// A handle that was kept over the timeout still counts, and nothing of what it had is lost.
#[test]
fn an_idle_series_is_hidden_until_it_is_updated() {
    let timeout = Duration::from_millis(1);
    let exporter = Exporter::builder().with_idle_timeout(timeout).build().unwrap();
    let (counter, histogram, gauge) = with_local_recorder(&exporter.recorder(), || {
        metrics::describe_counter!("a_total", "A.");
        (metrics::counter!("a_total"), metrics::histogram!("b"), metrics::gauge!("c"))
    });
    counter.increment(3);
    histogram.record(1.0);
    gauge.set(1.0);
    wait_until_blocking("it is hidden", || lines(&exporter, "a_total").is_empty()).unwrap();
    wait_until_blocking("it is hidden", || lines(&exporter, "b_").is_empty()).unwrap();
    // In flight is in flight, however long it takes.
    assert_eq!(exporter.render(), "# TYPE c gauge\nc 1\n");
    gauge.set(0.0);
    wait_until_blocking("it is hidden", || exporter.render().is_empty()).unwrap();

    counter.increment(1);
    histogram.record(2.0);
    gauge.increment(1.0);
    let text = exporter.render();
    assert!(text.starts_with("# HELP a_total A.\n# TYPE a_total counter\na_total 4\n"), "{text}");
    assert!(text.contains("b_sum 3\nb_count 2\n"), "{text}");
    assert!(text.ends_with("c 1\n"), "{text}");
}

/// What a closure says, it says now.
#[test]
fn an_observed_value_is_never_idle() {
    let timeout = Duration::ZERO;
    let exporter = Exporter::builder().with_idle_timeout(timeout).build().unwrap();
    let _observation = exporter.gauge_fn(MetricSpec::gauge("a"), &[], || 0).unwrap();
    with_local_recorder(&exporter.recorder(), || metrics::counter!("b_total").increment(1));
    assert_eq!(exporter.render(), "# TYPE a gauge\na 0\n");
    assert_eq!(exporter.render(), "# TYPE a gauge\na 0\n");
}
