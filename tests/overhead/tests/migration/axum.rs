//! axum-prometheus.

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use axum_prometheus::utils::SECONDS_DURATION_BUCKETS;
use axum_prometheus::{AXUM_HTTP_REQUESTS_DURATION_SECONDS, BaseMetricLayer};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use tower_metrics::Exporter;
use tower_metrics::names::{HttpLabel, HttpMetric};
use tower_service::Service as _;

use crate::{REQUESTS, assert_same};

fn router() -> Router {
    Router::new()
        .route("/users/{id}", get(async || "a user"))
        .route("/users", post(async || StatusCode::CREATED))
        .route("/fails", get(async || StatusCode::BAD_GATEWAY))
}

fn send_requests(mut router: Router) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for (method, path, times) in REQUESTS {
            for _ in 0..times {
                let request = Request::builder().method(method).uri(path);
                let response = router.call(request.body(Body::empty()).unwrap()).await.unwrap();
                response.into_body().collect().await.unwrap();
            }
        }
    });
}

/// The names, the labels, the buckets and the counts.
#[test]
fn the_names_of_axum_prometheus_can_be_kept() {
    let duration = Matcher::Full(AXUM_HTTP_REQUESTS_DURATION_SECONDS.to_owned());
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(duration, SECONDS_DURATION_BUCKETS)
        .unwrap()
        .build_recorder();
    metrics::with_local_recorder(&recorder, || {
        send_requests(router().layer(BaseMetricLayer::new()));
    });

    let exporter = Exporter::builder().build().unwrap();
    let layer = tower_metrics::axum::builder()
        .with_recorder(exporter.recorder())
        .with_prefix("axum")
        .with_metric_name(HttpMetric::Duration, "http_requests_duration_seconds")
        .with_metric_name(HttpMetric::InFlight, "http_requests_pending")
        .with_label_name(HttpLabel::StatusCode, "status")
        .with_duration_by_status()
        .with_in_flight_by_endpoint()
        .with_duration_until_head()
        .build()
        .unwrap();
    send_requests(router().layer(layer));

    assert_same(&recorder.handle().render(), &exporter.render());
}
