//! What the example service answers, and what it says about it under `/metrics`.

use std::collections::BTreeMap;

use http::{Method, Version};
use serde_json::json;
use tower_metrics_tests::exposition::{Exposition, Family, Kind, Labels};
use tower_metrics_tests::http::Request;

use crate::service::{Framework, PREDICT, Service, for_each_framework, input_taking};

for_each_framework![
    predictions_and_health_are_answered_in_json,
    failures_are_answered_in_json_with_their_status,
    wrong_methods_are_told_the_right_ones,
    metrics_are_served_to_get_and_head_only,
    every_request_is_counted_once_under_its_route,
    http2_requests_are_counted_like_others,
    a_client_that_gives_up_is_counted_as_cancelled,
    a_client_that_gives_up_over_http2_is_counted_once,
];

const TYPE: &str = "application/json";
const JSON: Option<&str> = Some(TYPE);
const TEXT_FORMAT: Option<&str> = Some("text/plain; version=0.0.4; charset=utf-8");

/// The two models and the health check answer.
async fn predictions_and_health_are_answered_in_json(framework: Framework) {
    let service = Service::start(framework, &[]).await.unwrap();
    for model in ["resnet50", "bert-base"] {
        let answer = service.predict(model, &json!({ "input": "text" })).await.unwrap();
        assert_eq!((answer.status(), answer.header("content-type")), (200, JSON), "{model}");
        assert!(answer.json().unwrap().is_object(), "{model}");
    }
    let health = service.get("/health").await.unwrap();
    assert_eq!((health.status(), health.header("content-type")), (200, JSON));
    assert_eq!(health.json().unwrap(), json!({ "status": "ok" }));
}

/// Each way to fail has its status, and all say why in the same shape.
async fn failures_are_answered_in_json_with_their_status(framework: Framework) {
    let service = Service::start(framework, &["--timeout-ms", "100"]).await.unwrap();
    let to = |method, path| Request::new(method, &service.url(path));
    let predict = || to(Method::POST, "/predict/resnet50");
    let body = |body: &str| predict().with_header("content-type", TYPE).with_body(body.to_owned());
    let json = |path, body| Request::post_json(&service.url(path), &body);
    let long = " ".repeat(64 * 1024 + 1);

    for (request, status, error) in [
        (to(Method::GET, "/nowhere"), 404, "no such route"),
        (to(Method::GET, "/predict/resnet50"), 405, "method not allowed"),
        (json("/predict/nope", input_taking(0)), 404, "there is no model \"nope\""),
        (json("/predict/%ff", input_taking(0)), 400, "the model's name is not UTF-8"),
        (json("/predict/resnet50", input_taking(60_000)), 504, "inference took longer than 100 ms"),
        (
            json("/predict/bert-base", json!({ "input": "", "fail": true })),
            500,
            "inference with bert-base failed",
        ),
        (body(""), 400, "the body is not JSON: EOF while parsing a value at line 1 column 0"),
        (body("{"), 400, "the body is not JSON: EOF while parsing an object at line 1 column 1"),
        (
            body("{}"),
            422,
            "the body is not what is wanted: missing field `input` at line 1 column 2",
        ),
        (body(&long), 413, "the body is longer than 65536 bytes"),
        (predict().with_body("{}"), 415, "the content type of the body is not application/json"),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!((answer.status(), answer.header("content-type")), (status, JSON), "{answer:?}");
        assert_eq!(answer.json().unwrap(), json!({ "error": error }));
    }
}

/// A client that used the wrong method learns the right ones.
async fn wrong_methods_are_told_the_right_ones(framework: Framework) {
    let service = Service::start(framework, &[]).await.unwrap();
    for (path, allowed) in [("/health", "GET,HEAD"), ("/predict/resnet50", "POST")] {
        let answer = Request::new(Method::PUT, &service.url(path)).send().await.unwrap();
        assert_eq!((answer.status(), answer.header("allow")), (405, Some(allowed)), "{path}");
    }
}

/// The metrics' own route speaks the text format, and only to those who read.
async fn metrics_are_served_to_get_and_head_only(framework: Framework) {
    let service = Service::start(framework, &[]).await.unwrap();
    service.get("/health").await.unwrap();
    service.settled(1).await.unwrap();

    let get = service.get("/metrics").await.unwrap();
    assert_eq!((get.status(), get.header("content-type")), (200, TEXT_FORMAT));
    assert!(Exposition::parse(&get.text()).unwrap().series_count() > 0);

    let url = service.url("/metrics");
    let head = Request::new(Method::HEAD, &url).send().await.unwrap();
    assert_eq!((head.status(), head.header("content-type")), (200, TEXT_FORMAT));
    assert!(head.body().is_empty());

    let post = Request::new(Method::POST, &url).with_body("x").send().await.unwrap();
    assert_eq!(post.status(), 405);
    assert!(post.header("allow").is_some_and(|methods| methods.contains("GET")), "{post:?}");
}

/// Known traffic, and every number that follows from it.
async fn every_request_is_counted_once_under_its_route(framework: Framework) {
    let service = Service::start(framework, &[]).await.unwrap();
    for _ in 0..5 {
        service.predict("resnet50", &input_taking(0)).await.unwrap();
    }
    for _ in 0..2 {
        service.predict("nope", &input_taking(0)).await.unwrap();
    }
    for path in ["/health", "/random-1", "/random-2", "/random-3", "/metrics"] {
        service.get(path).await.unwrap();
    }
    let scrape = service.settled(11).await.unwrap();

    let requests = scrape.family("http_requests_total").unwrap();
    assert_eq!(requests.kind(), Kind::Counter);
    assert_eq!(
        values(requests, &["method", "endpoint", "status_code"]),
        BTreeMap::from([
            (vec!["POST", PREDICT, "200"], 5.0),
            (vec!["POST", PREDICT, "404"], 2.0),
            (vec!["GET", "/health", "200"], 1.0),
            (vec!["GET", "unmatched", "404"], 3.0),
        ])
    );

    let durations = scrape.family("http_request_duration_seconds").unwrap();
    assert_eq!(durations.kind(), Kind::Histogram);
    for (method, endpoint, count) in
        [("POST", PREDICT, 7.0), ("GET", "/health", 1.0), ("GET", "unmatched", 3.0)]
    {
        let labels = [("method", method), ("endpoint", endpoint)];
        let total = scrape.value("http_request_duration_seconds_count", &labels);
        assert_eq!(total, Some(count), "{endpoint}");
        let buckets = scrape.buckets("http_request_duration_seconds", &labels);
        let bounds: Vec<f64> = buckets.iter().map(|(le, _)| le.parse().unwrap()).collect();
        let edges = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, f64::INFINITY];
        assert_eq!(bounds, edges);
    }
    assert_eq!(scrape.sum("http_request_duration_seconds_count", &[]), Some(11.0));

    let in_flight = scrape.family("http_requests_in_flight").unwrap();
    assert_eq!(in_flight.kind(), Kind::Gauge);
    let at_rest = BTreeMap::from([(vec!["GET"], 0.0), (vec!["POST"], 0.0)]);
    assert_eq!(values(in_flight, &["method"]), at_rest);

    assert!(!scrape.samples().any(|sample| has(sample.labels(), "endpoint", "/metrics")));
    for family in scrape.families() {
        assert!(family.help().is_some_and(|help| !help.is_empty()), "{}", family.name());
        assert!(!matches!(family.kind(), Kind::Summary | Kind::Untyped), "{}", family.name());
    }
}

/// The protocol makes no difference to what is counted.
async fn http2_requests_are_counted_like_others(framework: Framework) {
    let service = Service::start(framework, &[]).await.unwrap();
    let url = service.url("/predict/resnet50");
    let request = Request::post_json(&url, &input_taking(0)).with_http2();
    let answer = request.send().await.unwrap();
    assert_eq!((answer.version(), answer.status()), (Version::HTTP_2, 200));

    let scrape = service.settled(1).await.unwrap();
    let requests = scrape.family("http_requests_total").unwrap();
    let counted = values(requests, &["method", "endpoint", "status_code"]);
    assert_eq!(counted, BTreeMap::from([(vec!["POST", PREDICT, "200"], 1.0)]));
}

/// A client that closes its connection before the answer is counted, once, as what it is.
async fn a_client_that_gives_up_is_counted_as_cancelled(framework: Framework) {
    let service = Service::start(framework, &["--timeout-ms", "600000"]).await.unwrap();
    let endless = input_taking(600_000);
    tokio::select! {
        answer = service.predict("resnet50", &endless) => panic!("{answer:?}"),
        busy = service.busy() => busy.unwrap(),
    }
    let scrape = service.settled(1).await.unwrap();
    let requests = scrape.family("http_requests_total").unwrap();
    let counted = values(requests, &["method", "endpoint", "status_code"]);
    assert_eq!(counted, BTreeMap::from([(vec!["POST", PREDICT, "499"], 1.0)]));
    let aborted = scrape.family("http_requests_aborted_total").unwrap();
    let counted = values(aborted, &["method", "endpoint", "reason"]);
    assert_eq!(counted, BTreeMap::from([(vec!["POST", PREDICT, "cancelled"], 1.0)]));
}

/// One that leaves over HTTP/2 is counted once too: at once and as cancelled by axum, when the
/// handler is done by actix-web, which does not look before.
async fn a_client_that_gives_up_over_http2_is_counted_once(framework: Framework) {
    let service = Service::start(framework, &["--timeout-ms", "3000"]).await.unwrap();
    let url = service.url("/predict/resnet50");
    let request = Request::post_json(&url, &input_taking(600_000)).with_http2();
    tokio::select! {
        answer = request.send() => panic!("{answer:?}"),
        busy = service.busy() => busy.unwrap(),
    }
    let scrape = service.settled(1).await.unwrap();
    assert_eq!(scrape.sum("http_requests_total", &[]), Some(1.0));
    assert_eq!(scrape.sum("http_requests_aborted_total", &[]), Some(1.0));
    assert_eq!(scrape.sum("http_request_duration_seconds_count", &[]), Some(1.0));
    let reason = match framework {
        Framework::Axum => "cancelled",
        Framework::ActixWeb => "body_dropped",
    };
    let labels = [("method", "POST"), ("endpoint", PREDICT), ("reason", reason)];
    assert_eq!(scrape.value("http_requests_aborted_total", &labels), Some(1.0));
}

/// Every series of a family by the values of these labels, which must be all it has.
#[track_caller]
fn values<'a>(family: &'a Family, labels: &[&str]) -> BTreeMap<Vec<&'a str>, f64> {
    let samples = family.samples().iter().map(|sample| {
        assert_eq!(sample.labels().len(), labels.len(), "{sample:?}");
        let values = labels.iter().map(|label| sample.labels().get(*label).map(String::as_str));
        (values.map(Option::unwrap_or_default).collect(), sample.value())
    });
    samples.collect()
}

fn has(labels: &Labels, name: &str, value: &str) -> bool {
    labels.get(name).is_some_and(|actual| actual == value)
}
