//! Labels on every series.

mod support;

use metrics::with_local_recorder;
use tower_metrics_core::MetricSpec;
use tower_metrics_prometheus::{Exporter, ExporterError};

use support::lines;

/// Whatever its kind, and whoever gives its value; what a series has itself stays.
#[test]
fn every_series_has_the_global_labels() {
    let exporter = Exporter::builder()
        .with_global_label("service", "a \\ \"b\"")
        .with_global_label("zone", "1")
        .build()
        .unwrap();
    with_local_recorder(&exporter.recorder(), || {
        metrics::counter!("a_total", "x" => "1").increment(1);
        metrics::gauge!("b", "zone" => "2").set(1);
        metrics::histogram!("c").record(1.0);
        metrics::histogram!("c", "zone" => "2").record(1.0);
    });
    // Said twice, it is still one series.
    with_local_recorder(&exporter.recorder(), || {
        metrics::counter!("a_total", "x" => "1", "zone" => "1").increment(1);
        metrics::histogram!("c", "zone" => "1").record(1.0);
    });
    let spec = MetricSpec::gauge("d");
    let _observation = exporter.gauge_fn(spec, &[("zone", "2")], || 1).unwrap();

    let service = r#"service="a \\ \"b\"""#;
    assert_eq!(lines(&exporter, "a_total"), [format!(r#"a_total{{{service},zone="1",x="1"}} 2"#)]);
    assert_eq!(lines(&exporter, "b{"), [format!(r#"b{{{service},zone="2"}} 1"#)]);
    assert_eq!(
        lines(&exporter, "c_count"),
        [
            format!(r#"c_count{{{service},zone="1"}} 2"#),
            format!(r#"c_count{{{service},zone="2"}} 1"#)
        ]
    );
    assert_eq!(lines(&exporter, "d{"), [format!(r#"d{{{service},zone="2"}} 1"#)]);
}

/// The rules are those for the labels of a metric.
#[test]
fn a_global_label_that_cannot_be_shown_is_an_error() {
    for names in [&["le"][..], &["quantile"], &["__name__"], &["a.b"], &[""], &["a", "a"]] {
        let builder = names
            .iter()
            .fold(Exporter::builder(), |builder, name| builder.with_global_label(*name, "x"));
        let error = builder.build().unwrap_err();
        assert!(matches!(error, ExporterError::InvalidGlobalLabel { .. }), "{names:?}");
        assert!(error.to_string().contains("global label"), "{error}");
    }
}
