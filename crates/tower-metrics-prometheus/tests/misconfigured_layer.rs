//! Layers that measure though a setting makes no sense.

mod support;

use std::convert::Infallible;

use http::{Request, Response};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_metrics_core::names::HttpMetric;
use tower_metrics_core::{Buckets, Builder, MetricsLayer};
use tower_metrics_prometheus::Exporter;
use tower_metrics_tests::log::logged;

use support::{lines, private_exporter};

type Customise = fn(Builder<MetricsLayer>) -> Builder<MetricsLayer>;

fn builder(exporter: &Exporter) -> Builder<MetricsLayer> {
    MetricsLayer::builder().with_recorder(exporter.recorder())
}

/// Sends a request through a layer.
fn send(layer: &MetricsLayer) {
    let service = layer.layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(String::new()))
    }));
    let mut response = tokio_test::task::spawn(service.oneshot(Request::new(())));
    assert!(response.poll().is_ready());
}

/// Whatever is refused is logged once, in the words of the error, and left out; the rest is there.
#[test]
fn what_would_be_refused_is_logged_and_the_rest_is_measured() {
    let senseless: [Customise; 7] = [
        |builder| {
            let builder = builder.with_duration_buckets(Buckets::http());
            builder.with_duration_buckets(Buckets::light())
        },
        |builder| builder.with_buckets(HttpMetric::Requests, Buckets::light()),
        |builder| builder.with_buckets(HttpMetric::ResponseSize, Buckets::light()),
        |builder| builder.with_label_limit("tenant", 5),
        |builder| builder.with_label_from_header("tenant", "x tenant"),
        |builder| {
            builder
                .without_metric(HttpMetric::Aborted)
                .with_metric_name(HttpMetric::Aborted, "x_total")
        },
        |builder| builder.without_path_prefix(""),
    ];
    for customise in senseless {
        let error = customise(builder(&private_exporter())).build().unwrap_err().to_string();
        let exporter = private_exporter();
        let log = logged(|| send(&customise(builder(&exporter)).build_or_warn()));
        assert_eq!(log.len(), 1, "{log:?}");
        assert!(log.iter().all(|line| line.contains(&error)), "{error}: {log:?}");

        let count = lines(&exporter, "http_requests_total{");
        assert!(count.iter().all(|line| line.ends_with("} 1")) && count.len() == 1, "{count:?}");
        let buckets = lines(&exporter, "http_request_duration_seconds_bucket{");
        assert_eq!(buckets.len(), Buckets::http().edges().len() + 1, "{error}: {buckets:?}");
    }
}

/// Who asks for nothing that makes no sense hears nothing.
#[test]
fn a_layer_that_makes_sense_logs_nothing() {
    let exporter = private_exporter();
    let log = logged(|| send(&builder(&exporter).build_or_warn()));
    assert!(log.is_empty(), "{log:?}");
}
