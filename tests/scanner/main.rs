//! A scanner: requests that nobody declared, by the hundred thousand, make no series.
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::convert::Infallible;

use actix_web::{App, HttpResponse, test, web};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{HeaderValue, Method, Request, Response};
use tower::{Layer as _, Service as _, service_fn};
use tower_metrics::actix_web::Metrics;
use tower_metrics::axum::RouterExt as _;
use tower_metrics::{Exporter, MetricsLayer};
use tower_metrics_tests::exposition::Exposition;
use tower_metrics_tests::memory::resident_bytes;

/// How many requests each kind of service gets.
const REQUESTS: u32 = 200_000;
/// How many different methods a scanner can send in our test, next to the known ones.
const METHODS: u32 = 50_000;

/// Series of unmatched requests: `GET` and `_OTHER`, each with a status, a histogram of 14 lines,
/// and a gauge.
const UNMATCHED_SERIES: usize = 2 * (1 + 14 + 1);

/// Axum: paths, methods, hosts, headers and queries that only this test has ever seen.
#[tokio::test]
async fn a_scanner_makes_no_series_on_axum() {
    let exporter = Exporter::builder().build().unwrap();
    let mut app: Router =
        Router::new().route("/users/{id}", get(async || "a user")).with_metrics(&exporter);
    let mut scan = Scan::default();
    let mut warm = None;
    for _ in 0..REQUESTS {
        app.call(scan.request().map(|()| Body::empty())).await.unwrap();
        warm = warm.or_else(|| scan.is_warm().then(|| resident_bytes().unwrap()));
    }
    assert_bounded(&exporter, warm);
}

/// A plain tower service, where there is not even a router.
#[tokio::test]
async fn a_scanner_makes_no_series_on_a_plain_service() {
    let exporter = Exporter::builder().build().unwrap();
    let layer = MetricsLayer::builder().with_recorder(exporter.recorder()).build().unwrap();
    let mut service = layer.layer(service_fn(async |_: Request<()>| {
        let mut response = Response::new(String::new());
        *response.status_mut() = http::StatusCode::NOT_FOUND;
        Ok::<_, Infallible>(response)
    }));
    let mut scan = Scan::default();
    let mut warm = None;
    for _ in 0..REQUESTS {
        service.call(scan.request()).await.unwrap();
        warm = warm.or_else(|| scan.is_warm().then(|| resident_bytes().unwrap()));
    }
    assert_bounded(&exporter, warm);
}

/// actix-web: the same, and a label from a header that the scanner fills.
#[actix_web::test]
async fn a_scanner_makes_no_series_on_actix_web() {
    let exporter = Exporter::builder().build().unwrap();
    let app = App::new()
        .wrap(Metrics::new(&exporter))
        .route("/users/{id}", web::get().to(async || HttpResponse::Ok()));
    let app = test::init_service(app).await;
    let mut scan = Scan::default();
    let mut warm = None;
    for _ in 0..REQUESTS {
        let request = scan.request();
        let method = actix_web::http::Method::from_bytes(request.method().as_str().as_bytes());
        let header = request.headers()["x-tenant"].as_bytes();
        let request = test::TestRequest::with_uri(&request.uri().to_string())
            .method(method.unwrap())
            .insert_header(("x-tenant", header))
            .to_request();
        test::call_service(&app, request).await;
        warm = warm.or_else(|| scan.is_warm().then(|| resident_bytes().unwrap()));
    }
    assert_bounded(&exporter, warm);
}

/// A label that the scanner fills stops at its limit.
#[tokio::test]
async fn a_scanner_fills_no_label_beyond_its_limit() {
    let exporter = Exporter::builder().build().unwrap();
    let layer = tower_metrics::axum::builder()
        .with_recorder(exporter.recorder())
        .with_label_from_header("tenant", "x-tenant")
        .with_label_limit("tenant", 5)
        .build()
        .unwrap();
    let mut app: Router = Router::new().route("/", get(async || "")).layer(layer);
    let mut scan = Scan::default();
    for _ in 0..2_000 {
        let mut request = scan.request().map(|()| Body::empty());
        *request.uri_mut() = "/".parse().unwrap();
        *request.method_mut() = Method::GET;
        app.call(request).await.unwrap();
    }
    let scrape = Exposition::parse(&exporter.render()).unwrap();
    let family = scrape.family("http_requests_total").unwrap();
    assert_eq!(family.samples().len(), 6);
    let overflow = scrape.value("tower_metrics_label_overflow_total", &[("label", "tenant")]);
    assert_eq!(overflow, Some(1_995.0));
    let other = scrape.sum("http_requests_total", &[("tenant", "other")]);
    assert_eq!(other, Some(1_995.0));
}

/// Makes requests of which no two are alike.
#[derive(Default)]
struct Scan {
    sent: u32,
}

impl Scan {
    fn request(&mut self) -> Request<()> {
        self.sent += 1;
        let sent = self.sent;
        let method = if sent.is_multiple_of(REQUESTS / METHODS) {
            Method::from_bytes(format!("SCAN{sent}").as_bytes()).unwrap()
        } else {
            Method::GET
        };
        let tenant = HeaderValue::from_bytes(format!("tenant {sent} \u{e9}").as_bytes()).unwrap();
        Request::builder()
            .method(method)
            .uri(format!("http://host-{sent}/scan/{sent}/x?query={sent}"))
            .header("host", format!("host-{sent}"))
            .header("x-tenant", tenant)
            .body(())
            .unwrap()
    }

    /// Whether everything that is allocated once has been.
    fn is_warm(&self) -> bool {
        self.sent == REQUESTS / 10
    }
}

/// The requests are all counted, under as few series as their own test declared, and the last nine
/// tenths of them took no memory.
fn assert_bounded(exporter: &Exporter, warm: Option<u64>) {
    let scrape = Exposition::parse(&exporter.render()).unwrap();
    let unmatched = scrape.sum("http_requests_total", &[("endpoint", "unmatched")]);
    assert_eq!(unmatched, Some(f64::from(REQUESTS)));
    assert_eq!(scrape.series_count(), UNMATCHED_SERIES);
    let grown = resident_bytes().unwrap().saturating_sub(warm.unwrap());
    // The tests of this file run side by side; a series for each request would take fifty times as
    // much.
    assert!(grown < 64_000_000, "memory grew by {grown} bytes");
}
