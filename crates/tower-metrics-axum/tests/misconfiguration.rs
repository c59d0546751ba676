//! A setting that makes no sense is an error that names it, before anything is recorded.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

use tower_metrics_core::names::HttpMetric;
use tower_metrics_core::{Buckets, BuildError, Builder, DeclareError, MetricsLayer};
use tower_metrics_prometheus::Exporter;

type Customise = fn(Builder<MetricsLayer>) -> Builder<MetricsLayer>;

fn builder() -> Builder<MetricsLayer> {
    MetricsLayer::builder().with_recorder(Exporter::builder().build().unwrap().recorder())
}

fn refused(customise: Customise) -> BuildError {
    customise(builder()).build().map(drop).unwrap_err()
}

/// Buckets belong to one histogram, once.
#[test]
fn buckets_that_have_no_place_are_refused() {
    assert_eq!(
        refused(|b| {
            b.with_duration_buckets(Buckets::light()).with_duration_buckets(Buckets::http())
        }),
        BuildError::BucketsTwice { metric: HttpMetric::Duration }
    );
    assert_eq!(
        refused(|b| b.with_buckets(HttpMetric::Requests, Buckets::light())),
        BuildError::NoHistogram { metric: HttpMetric::Requests }
    );
}

/// What is off cannot be changed: somebody expects to see it.
#[test]
fn changes_of_what_is_off_are_refused() {
    let changes: [(HttpMetric, Customise); 7] = [
        (HttpMetric::ResponseSize, |b| b.with_buckets(HttpMetric::ResponseSize, Buckets::light())),
        (HttpMetric::RequestSize, |b| b.with_metric_name(HttpMetric::RequestSize, "in_bytes")),
        (HttpMetric::Requests, |b| b.with_grpc_status().without_metric(HttpMetric::Requests)),
        (HttpMetric::Duration, |b| {
            let b = b.with_open_telemetry_names().with_grpc_status();
            b.without_metric(HttpMetric::Duration)
        }),
        (HttpMetric::Duration, |b| {
            b.with_duration_by_status().without_metric(HttpMetric::Duration)
        }),
        (HttpMetric::Duration, |b| {
            b.with_duration_until_head().without_metric(HttpMetric::Duration)
        }),
        (HttpMetric::InFlight, |b| {
            b.with_in_flight_by_endpoint().without_metric(HttpMetric::InFlight)
        }),
    ];
    for (metric, change) in changes {
        assert_eq!(refused(change), BuildError::SwitchedOff { metric });
    }
}

/// Errors call a metric by the name that the user sees, and say what to do.
#[test]
fn errors_name_the_metric() {
    let cases: [(Customise, &str); 3] = [
        (
            |b| b.with_duration_buckets(Buckets::light()).with_duration_buckets(Buckets::http()),
            "the buckets of \"http_request_duration_seconds\" are set twice; keep one",
        ),
        (
            |b| b.with_buckets(HttpMetric::Requests, Buckets::light()),
            "\"http_requests_total\" is no histogram; leave its buckets out",
        ),
        (
            |b| b.with_metric_name(HttpMetric::RequestSize, "in_bytes"),
            "a setting changes \"http_request_size_bytes\", which is off; switch it on, or leave \
             the setting out",
        ),
    ];
    for (customise, text) in cases {
        assert_eq!(refused(customise).to_string(), text);
    }
}

/// Limits are for labels that are there, and values come from headers that can be.
#[test]
fn labels_that_cannot_be_filled_are_refused() {
    assert_eq!(
        refused(|b| b.with_label_limit("tenant", 5)),
        BuildError::UnknownLabel { label: "tenant".to_owned() }
    );
    for header in ["", "x tenant", ":path", "größe"] {
        let error = builder().with_label_from_header("tenant", header).build().unwrap_err();
        assert_eq!(error, BuildError::InvalidHeader { header: header.to_owned() });
    }
    assert!(builder().with_label_from_header("tenant", "X-Tenant_1.a").build().is_ok());
}

/// A prefix that is no path would leave out nothing, or everything.
#[test]
fn prefixes_that_are_no_paths_are_refused() {
    for prefix in ["", "internal", "internal/", "*", " /internal"] {
        let error = builder().without_path_prefix(prefix).build().map(drop).unwrap_err();
        assert_eq!(error, BuildError::InvalidPathPrefix { prefix: prefix.to_owned() });
        let said = error.to_string();
        assert!(said.contains(&format!("{prefix:?}")) && said.contains("`/internal`"), "{said}");
    }
    for prefix in ["/internal", "/internal/", "/"] {
        assert!(builder().without_path_prefix(prefix).build().is_ok(), "{prefix}");
    }
}

/// Names keep to Prometheus' rules, and to one meaning.
#[test]
fn names_that_prometheus_would_refuse_are_refused() {
    assert!(matches!(
        refused(|b| b.with_prefix("9lives")),
        BuildError::Declare(DeclareError::InvalidName { .. })
    ));
    for label in ["le", "method", "a-b", "__x"] {
        let error = builder().with_constant_label(label, "").build().unwrap_err();
        let BuildError::Declare(DeclareError::InvalidLabel { label: named, .. }) = error else {
            unreachable!("{label}: {error}");
        };
        assert_eq!(named, label);
    }
    assert!(matches!(
        refused(|b| {
            b.with_metric_name(HttpMetric::Requests, "x_total")
                .with_metric_name(HttpMetric::Aborted, "x_total")
        }),
        BuildError::Declare(DeclareError::Conflict { .. })
    ));
}
