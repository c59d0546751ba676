//! Names that would break the exposition, or say one thing for two.

mod support;

use metrics::with_local_recorder;
use tower_metrics_core::{Buckets, DeclareError, MetricSpec};
use tower_metrics_tests::log::logged;

use support::{lines, private_exporter};

/// One of two names that are shown alike wins, the other is reported once; nothing is added up.
#[test]
fn a_name_that_looks_like_another_is_reported_and_not_merged() {
    let exporter = private_exporter();
    let log = logged(|| {
        with_local_recorder(&exporter.recorder(), || {
            metrics::counter!("jobs.done").increment(1);
            for _ in 0..3 {
                metrics::counter!("jobs_done").increment(10);
            }
            metrics::counter!("jobs.done").increment(1);
        });
    });
    assert_eq!(exporter.render(), "# TYPE jobs_done counter\njobs_done 2\n");
    assert_eq!(log.len(), 1, "{log:?}");
    assert!(log[0].contains("jobs_done") && log[0].contains("jobs.done"), "{log:?}");
}

/// A declaration cannot be written in a second way, and comes too late for a name that is shown
/// like it.
#[test]
fn a_declared_name_is_shown_as_it_is_or_refused() {
    let exporter = private_exporter();
    with_local_recorder(&exporter.recorder(), || metrics::counter!("a.b").increment(1));
    let declare = |name| exporter.declare(&[MetricSpec::counter(name)]);
    assert_eq!(declare("x.y"), Err(DeclareError::InvalidName { name: "x.y".to_owned() }));
    assert_eq!(declare("a_b"), Err(DeclareError::AlreadyRecorded { name: "a_b".to_owned() }));
}

/// Within one series and across several: a label name that is shown like another is reported.
#[test]
fn a_label_that_looks_like_another_is_reported_and_not_merged() {
    let exporter = private_exporter();
    let log = logged(|| {
        with_local_recorder(&exporter.recorder(), || {
            metrics::counter!("a_total", "x.y" => "1").increment(1);
            metrics::counter!("a_total", "x_y" => "1").increment(1);
            metrics::counter!("a_total", "x.y" => "1", "x_y" => "2").increment(1);
            metrics::histogram!("b_seconds", "x_y" => "1", "x.y" => "2").record(1.0);
            metrics::gauge!("c", "x.y" => "1").set(1.0);
            metrics::gauge!("c", "x-y" => "2").set(2.0);
        });
    });
    assert_eq!(lines(&exporter, "a_total"), ["a_total{x_y=\"1\"} 1"]);
    assert_eq!(lines(&exporter, "b_seconds"), [""; 0]);
    assert_eq!(lines(&exporter, "c{"), ["c{x_y=\"1\"} 1"]);
    assert_eq!(log.len(), 3, "{log:?}");
}

/// The order of labels makes no second series: Prometheus would keep one of the two.
#[test]
fn labels_have_one_order() {
    let exporter = private_exporter();
    let spec = MetricSpec::counter("a_total").with_labels(["one", "two"]);
    exporter.declare(&[spec]).unwrap();
    with_local_recorder(&exporter.recorder(), || {
        metrics::counter!("a_total", "two" => "2", "one" => "1").increment(1);
        metrics::counter!("a_total", "one" => "1", "two" => "2").increment(1);
        metrics::gauge!("b", "z" => "1", "a" => "2").set(1.0);
        metrics::gauge!("b", "a" => "2", "z" => "1").set(2.0);
        metrics::gauge!("b", "z" => "0", "z" => "1", "a" => "2").increment(1.0);
        metrics::histogram!("c", "z" => "1", "a" => "2").record(1.0);
        metrics::histogram!("c", "a" => "2", "z" => "1").record(1.0);
    });
    assert_eq!(lines(&exporter, "a_total"), ["a_total{one=\"1\",two=\"2\"} 2"]);
    assert_eq!(lines(&exporter, "b"), ["b{z=\"1\",a=\"2\"} 3"]);
    assert_eq!(lines(&exporter, "c_count"), ["c_count{z=\"1\",a=\"2\"} 2"]);
}

/// Labels that a histogram or Prometheus itself uses are kept, under the name that Prometheus gives
/// to a label in its way.
#[test]
fn reserved_labels_become_exported_ones() {
    let exporter = private_exporter();
    let log = logged(|| {
        with_local_recorder(&exporter.recorder(), || {
            for _ in 0..2 {
                metrics::histogram!("a", "le" => "x", "quantile" => "y").record(1.0);
                metrics::counter!("b_total", "__name__" => "x", "" => "y").increment(1);
            }
        });
    });
    assert_eq!(
        lines(&exporter, "a_count"),
        ["a_count{exported_le=\"x\",exported_quantile=\"y\"} 2"]
    );
    assert_eq!(lines(&exporter, "a_bucket").len(), 12);
    assert_eq!(lines(&exporter, "b_total"), ["b_total{exported___name__=\"x\",exported_=\"y\"} 2"]);
    assert_eq!(log.len(), 4, "{log:?}");
}

/// `a_count` beside the histogram `a` would be a second sample of one series: whoever comes second
/// is reported, once, and not recorded.
#[test]
fn a_name_among_the_series_of_a_histogram_is_not_recorded() {
    for suffix in ["bucket", "sum", "count"] {
        let exporter = private_exporter();
        let log = logged(|| {
            with_local_recorder(&exporter.recorder(), || {
                metrics::histogram!("a").record(1.0);
                metrics::gauge!(format!("b_{suffix}")).set(1.0);
                for _ in 0..2 {
                    metrics::gauge!(format!("a_{suffix}")).set(1.0);
                    metrics::histogram!("b").record(1.0);
                }
            });
        });
        let kinds = lines(&exporter, "# TYPE");
        assert_eq!(kinds, ["# TYPE a histogram".to_owned(), format!("# TYPE b_{suffix} gauge")]);
        assert_eq!(log.len(), 2, "{log:?}");
    }
}

/// A declaration says so at once, also if both are in it, and then declares neither.
#[test]
fn a_declaration_among_the_series_of_a_histogram_is_an_error() {
    let exporter = private_exporter();
    let histogram = |name: &'static str| MetricSpec::histogram(name, Buckets::light());
    let collision = |name: &str, with: &str| {
        Err(DeclareError::Collision { name: name.to_owned(), with: with.to_owned() })
    };
    exporter.declare(&[histogram("a"), MetricSpec::gauge("b_sum")]).unwrap();
    assert_eq!(exporter.declare(&[MetricSpec::counter("a_count")]), collision("a_count", "a"));
    assert_eq!(exporter.declare(&[histogram("a_bucket")]), collision("a_bucket", "a"));
    assert_eq!(exporter.declare(&[histogram("b")]), collision("b", "b_sum"));
    let both = [MetricSpec::gauge("c_count"), histogram("c")];
    assert_eq!(exporter.declare(&both), collision("c", "c_count"));
    exporter.declare(&[histogram("c"), MetricSpec::gauge("c_total")]).unwrap();
    let error = exporter.declare(&[MetricSpec::gauge("c_sum")]).unwrap_err();
    assert_eq!(error.metric(), "c_sum");
    assert!(error.to_string().contains("rename"));
}

/// The exporter below leaves out a suffix that the name ends in; then `discount` would be a
/// histogram without a count.
#[test]
fn a_histogram_may_end_in_a_suffix() {
    let exporter = private_exporter();
    with_local_recorder(&exporter.recorder(), || {
        for name in ["discount", "checksum", "token_count", "in_a_bucket"] {
            metrics::histogram!(name).record(1.0);
        }
    });
    for name in ["discount", "checksum", "token_count", "in_a_bucket"] {
        assert_eq!(lines(&exporter, &format!("{name}_bucket{{")).len(), 12);
        assert_eq!(lines(&exporter, &format!("{name}_sum ")), [format!("{name}_sum 1")]);
        assert_eq!(lines(&exporter, &format!("{name}_count ")), [format!("{name}_count 1")]);
    }
}

/// A metric without a name would be a line without one.
#[test]
fn an_empty_name_is_not_recorded() {
    let exporter = private_exporter();
    with_local_recorder(&exporter.recorder(), || metrics::counter!("").increment(1));
    assert_eq!(exporter.render(), "");
}

/// Rust writes infinity as `inf`, which is not what the format asks for.
#[test]
fn numbers_are_written_as_the_format_says() {
    let exporter = private_exporter();
    with_local_recorder(&exporter.recorder(), || {
        metrics::gauge!("a").set(f64::INFINITY);
        metrics::gauge!("b").set(f64::NEG_INFINITY);
        metrics::gauge!("c").set(f64::NAN);
        metrics::gauge!("d").set(-0.5);
    });
    let values: Vec<String> = exporter
        .render()
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    assert_eq!(values, ["a +Inf", "b -Inf", "c NaN", "d -0.5"]);
}
