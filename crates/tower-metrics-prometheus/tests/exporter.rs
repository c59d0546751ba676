//! What an exporter promises, through its public API, without the global recorder.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

use metrics::with_local_recorder;
use tower_metrics_core::labels::Method;
use tower_metrics_core::request::{AbortReason, ExtraLabels, Instruments, RequestGuard};
use tower_metrics_core::{Buckets, DeclareError, MetricSpec};
use tower_metrics_prometheus::Exporter;

fn private_exporter() -> Exporter {
    Exporter::builder().build().unwrap()
}

/// A declaration made long after the exporter was built still decides the buckets.
#[test]
fn buckets_come_from_the_declaration() {
    let exporter = private_exporter();
    let recorder = exporter.recorder();
    with_local_recorder(&recorder, || metrics::histogram!("early_seconds").record(0.3));
    let spec = MetricSpec::histogram("late_seconds", Buckets::new([0.5, 2.0]).unwrap());
    exporter.declare(&[spec.with_help("Declared late.")]).unwrap();
    with_local_recorder(&recorder, || metrics::histogram!("late_seconds").record(1.0));

    let text = exporter.render();
    assert!(
        text.contains("early_seconds_bucket{le=\"0.25\"} 0\nearly_seconds_bucket{le=\"0.5\"} 1\n")
    );
    assert!(text.ends_with(
        "# HELP late_seconds Declared late.\n\
         # TYPE late_seconds histogram\n\
         late_seconds_bucket{le=\"0.5\"} 0\n\
         late_seconds_bucket{le=\"2\"} 1\n\
         late_seconds_bucket{le=\"+Inf\"} 1\n\
         late_seconds_sum 1\n\
         late_seconds_count 1\n"
    ));
    assert!(!text.contains("summary"));
}

/// Saying the same twice is fine; saying something else is an error, and declares nothing.
#[test]
fn a_declaration_that_clashes_is_an_error() {
    let exporter = private_exporter();
    let spec = MetricSpec::histogram("a_seconds", Buckets::light()).with_help("A.");
    exporter.declare(std::slice::from_ref(&spec)).unwrap();
    exporter.declare(std::slice::from_ref(&spec)).unwrap();

    for (other, differs_in) in [
        (MetricSpec::gauge("a_seconds").with_help("A."), "kind"),
        (MetricSpec::histogram("a_seconds", Buckets::general()).with_help("A."), "bucket list"),
        (spec.clone().with_labels(["x"]), "label set"),
        (spec.clone().with_unit(metrics::Unit::Seconds), "unit"),
        (spec.clone().with_help("B."), "help text"),
    ] {
        let new = MetricSpec::counter("new_total");
        let error = exporter.declare(&[new.clone(), other]).unwrap_err();
        assert_eq!(error, DeclareError::Conflict { name: "a_seconds".to_owned(), differs_in });
        assert!(error.to_string().contains(differs_in));
        // Nothing of the failed declaration holds: the name can still be declared otherwise.
        private_exporter().declare(&[new]).unwrap();
    }
    exporter.declare(&[MetricSpec::gauge("new_total")]).unwrap();
}

/// What was recorded undeclared has its buckets; a declaration would come too late.
#[test]
fn a_declaration_after_the_first_sample_is_an_error() {
    let exporter = private_exporter();
    with_local_recorder(&exporter.recorder(), || metrics::histogram!("a_seconds").record(1.0));
    assert_eq!(
        exporter.declare(&[MetricSpec::histogram("a_seconds", Buckets::light())]),
        Err(DeclareError::AlreadyRecorded { name: "a_seconds".to_owned() })
    );
}

/// Using a name as another kind neither breaks the text nor the metric that was there first.
#[test]
fn a_second_kind_under_one_name_is_not_recorded() {
    let exporter = private_exporter();
    with_local_recorder(&exporter.recorder(), || {
        metrics::counter!("things").increment(1);
        metrics::gauge!("things").set(7.0);
        metrics::histogram!("things").record(7.0);
    });
    assert_eq!(exporter.render(), "# TYPE things counter\nthings 1\n");
}

/// Descriptions count whether they come before or after the first sample.
#[test]
fn descriptions_are_help_texts() {
    let exporter = private_exporter();
    with_local_recorder(&exporter.recorder(), || {
        metrics::describe_counter!("a_total", "Before.");
        metrics::counter!("a_total").increment(1);
        metrics::counter!("b_total").increment(1);
        metrics::describe_counter!("b_total", "After, with a \\ and a\nnew line.");
    });
    assert_eq!(
        exporter.render(),
        "# HELP a_total Before.\n# TYPE a_total counter\na_total 1\n\
         # HELP b_total After, with a \\\\ and a\\nnew line.\n# TYPE b_total counter\nb_total 1\n"
    );
}

/// Values that differ only in backslashes are different series, escaped as the format says.
#[test]
fn label_values_are_escaped_one_to_one() {
    let exporter = private_exporter();
    with_local_recorder(&exporter.recorder(), || {
        for value in ["\\", "\\\\", "\"", "\\\"", "\n", "\\n"] {
            metrics::counter!("a_total", "v" => value).increment(1);
        }
    });
    let text = exporter.render();
    for escaped in [r"\\", r"\\\\", r#"\""#, r#"\\\""#, r"\n", r"\\n"] {
        assert!(text.contains(&format!("a_total{{v=\"{escaped}\"}} 1\n")), "{escaped}\n{text}");
    }
    assert_eq!(text.lines().count(), 7);
}

/// The exporter below has a random order; ours is by family, then by labels, scrape after scrape.
#[test]
fn families_and_series_come_in_order() {
    let exporter = private_exporter();
    with_local_recorder(&exporter.recorder(), || {
        for x in ["3", "10", "2"] {
            metrics::counter!("c_total", "x" => x).increment(1);
            metrics::histogram!("b", "x" => x).record(1.0);
        }
        metrics::gauge!("d").set(1);
    });
    let _observation = exporter.gauge_fn(MetricSpec::gauge("a"), &[], || 1).unwrap();
    let text = exporter.render();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("b_bucket") && !line.starts_with("b_sum"))
        .collect();
    assert_eq!(
        lines,
        [
            "# TYPE a gauge",
            "a 1",
            "# TYPE b histogram",
            "b_count{x=\"10\"} 1",
            "b_count{x=\"2\"} 1",
            "b_count{x=\"3\"} 1",
            "# TYPE c_total counter",
            "c_total{x=\"10\"} 1",
            "c_total{x=\"2\"} 1",
            "c_total{x=\"3\"} 1",
            "# TYPE d gauge",
            "d 1",
        ]
    );
    assert_eq!(exporter.render(), text);
}

/// Servers make an app for each worker, one after the other, and each keeps a cache of its own: the
/// limit of endpoints is theirs together, also when the first one is gone.
#[test]
fn instruments_share_their_limits() {
    let exporter = private_exporter();
    let request = |instruments: &Instruments, route: &str| {
        instruments.start(Method::Get, "GET", Some(route), ExtraLabels::default()).complete();
    };
    let first = exporter.instruments();
    for n in 0..1_000 {
        request(&first, &format!("/{n}"));
    }
    drop(first);
    request(&exporter.instruments(), "/one-too-many");

    let text = exporter.render();
    assert!(text.contains(r#"endpoint="other""#));
    assert!(!text.contains("/one-too-many"));
}

/// A request ends once: a guard that is told more after its end has no request to tell it of.
#[test]
fn what_a_guard_is_told_after_the_end_changes_nothing() {
    let exporter = private_exporter();
    let mut guard =
        exporter.instruments().start(Method::Get, "GET", Some("/"), ExtraLabels::default());
    guard.response(200);
    guard.complete_with(7);
    assert!(guard.is_none());
    guard.response(500);
    guard.abort(AbortReason::BodyError);
    drop(guard);
    RequestGuard::none().complete();

    let text = exporter.render();
    let samples =
        |name: &str| text.lines().filter(|line| line.starts_with(name)).collect::<Vec<_>>();
    assert_eq!(
        samples("http_requests_total"),
        [r#"http_requests_total{method="GET",endpoint="/",status_code="200"} 1"#]
    );
    assert!(samples("http_requests_aborted_total").is_empty());
    assert_eq!(samples("http_requests_in_flight"), [r#"http_requests_in_flight{method="GET"} 0"#]);
}
