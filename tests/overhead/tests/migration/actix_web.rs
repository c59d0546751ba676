//! actix-web-prom.

use std::borrow::Cow;
use std::collections::HashMap;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::rt::System;
use actix_web::test::{TestRequest, call_and_read_body, init_service};
use actix_web::{App, Error, HttpResponse, web};
use actix_web_prom::{ActixMetricsConfiguration, LabelsConfiguration, PrometheusMetricsBuilder};
use prometheus::TextEncoder;
use tower_metrics::names::{HttpLabel, HttpMetric};
use tower_metrics::{Exporter, actix_web::Metrics};

use crate::{REQUESTS, assert_same};

fn send_requests<T, B>(app: App<T>)
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    T::Future: 'static,
    B: MessageBody,
{
    let app = app
        .route("/users/{id}", web::get().to(async || "a user"))
        .route("/users", web::post().to(async || HttpResponse::Created().finish()))
        .route("/fails", web::get().to(async || HttpResponse::BadGateway().finish()));
    System::new().block_on(async {
        let app = init_service(app).await;
        for (method, path, times) in REQUESTS {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            for _ in 0..times {
                let request = TestRequest::with_uri(path).method(method.clone());
                call_and_read_body(&app, request.to_request()).await;
            }
        }
    });
}

/// The names, the labels, the buckets and the counts.
#[test]
fn the_names_of_actix_web_prom_can_be_kept() {
    let labels = LabelsConfiguration::default().version("version");
    let prom = PrometheusMetricsBuilder::new("api")
        .const_labels(HashMap::from([("region".to_owned(), "eu".to_owned())]))
        .metrics_configuration(ActixMetricsConfiguration::default().labels(labels))
        .build()
        .unwrap();
    send_requests(App::new().wrap(prom.clone()));
    let peer = TextEncoder::new().encode_to_string(&prom.registry.gather()).unwrap();

    let exporter = Exporter::builder().build().unwrap();
    let metrics = Metrics::builder()
        .with_recorder(exporter.recorder())
        .with_prefix("api")
        .with_metric_name(HttpMetric::Duration, "http_requests_duration_seconds")
        .with_label_name(HttpLabel::StatusCode, "status")
        .with_duration_by_status()
        .without_metric(HttpMetric::InFlight)
        .with_constant_label("region", "eu")
        .with_label_from_request("version", |request| {
            Some(Cow::Owned(format!("{:?}", request.version())))
        })
        .build()
        .unwrap();
    send_requests(App::new().wrap(metrics));

    assert_same(&peer, &exporter.render());
}
