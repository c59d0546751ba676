//! What the example service answers, and what it says about it under `/metrics`.

use std::collections::BTreeMap;

use http::{Method, Version};
use serde_json::json;
use tower_metrics_tests::exposition::{Exposition, Family, Kind, Labels};
use tower_metrics_tests::http::{Request, Response};

use crate::service::{PREDICT, Service, input_taking};

const JSON: Option<&str> = Some("application/json");
const TEXT_FORMAT: Option<&str> = Some("text/plain; version=0.0.4; charset=utf-8");

/// The two models and the health check answer.
#[tokio::test]
async fn predictions_and_health_are_answered_in_json() {
    let service = Service::start(&[]).await.unwrap();
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
#[tokio::test]
async fn failures_are_answered_in_json_with_their_status() {
    let service = Service::start(&["--timeout-ms", "100"]).await.unwrap();
    let unknown = service.predict("nope", &input_taking(0)).await.unwrap();
    assert_error(&unknown, 404..=404);
    let slow = service.predict("resnet50", &input_taking(60_000)).await.unwrap();
    assert_error(&slow, 504..=504);
    let failing = json!({ "input": "text", "fail": true });
    assert_error(&service.predict("bert-base", &failing).await.unwrap(), 500..=500);
    assert_error(&service.predict("resnet50", &json!({ "input": 5 })).await.unwrap(), 400..=499);

    let predict = || Request::new(Method::POST, &service.url("/predict/resnet50"));
    let typed = || predict().with_header("content-type", "application/json");
    for request in [predict(), typed(), typed().with_body("{"), predict().with_body("{}")] {
        assert_error(&request.send().await.unwrap(), 400..=499);
    }
}

#[track_caller]
fn assert_error(answer: &Response, statuses: std::ops::RangeInclusive<u16>) {
    assert!(statuses.contains(&answer.status()), "{answer:?}");
    assert_eq!(answer.header("content-type"), JSON, "{answer:?}");
    let body = answer.json().ok();
    let error = body.as_ref().and_then(|body| body.get("error")?.as_str());
    assert!(error.is_some_and(|error| !error.is_empty()), "{answer:?}");
}

/// The metrics' own route speaks the text format, and only to those who read.
#[tokio::test]
async fn metrics_are_served_to_get_and_head_only() {
    let service = Service::start(&[]).await.unwrap();
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
#[tokio::test]
async fn every_request_is_counted_once_under_its_route() {
    let service = Service::start(&[]).await.unwrap();
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
#[tokio::test]
async fn http2_requests_are_counted_like_others() {
    let service = Service::start(&[]).await.unwrap();
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
#[tokio::test]
async fn a_client_that_gives_up_is_counted_as_cancelled() {
    let service = Service::start(&["--timeout-ms", "600000"]).await.unwrap();
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
