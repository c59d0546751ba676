//! What the builder switches on, and what it shows.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

#[path = "support/app.rs"]
mod app;
mod support;

use std::io;
use std::time::Duration;

use actix_web::body::{BodyStream, MessageBody as _};
use actix_web::dev::{Payload, Service as _};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, ResponseError as _, error};
use futures_util::{StreamExt as _, stream};
use tokio_test::task;
use tower_metrics_actix_web::Metrics;
use tower_metrics_core::{Buckets, Builder};
use tower_metrics_prometheus::Exporter;

use app::call;
use support::{assert_counted, private_exporter, series};

fn builder(exporter: &Exporter) -> Builder<Metrics> {
    Metrics::builder().with_recorder(exporter.recorder())
}

fn two_chunks() -> impl stream::Stream<Item = io::Result<Bytes>> + Unpin {
    stream::iter([Ok(Bytes::from_static(b"chunk")), Ok(Bytes::from_static(b"chunk"))])
}

/// The one number behind the labels of a histogram's only sum.
fn sum(exporter: &Exporter, metric: &str) -> f64 {
    let sums = series(exporter, &format!("{metric}_sum"));
    assert_eq!(sums.len(), 1, "{sums:?}");
    sums.first().unwrap().rsplit_once(' ').unwrap().1.parse().unwrap()
}

/// The factory of apps runs on every worker, so what it holds must go there.
#[test]
fn metrics_can_be_shared_between_workers() {
    fn assert_shared<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
    assert_shared::<Metrics>();
    assert_shared::<Builder<Metrics>>();
}

/// Unless they are asked for, the optional histograms are not there.
#[actix_web::test]
async fn optional_histograms_are_off_by_default() {
    let exporter = private_exporter();
    let app = App::new().route("/", web::get().to(async || "hello"));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    call(&app, TestRequest::default().to_request()).await;

    let text = exporter.render();
    let histograms: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" histogram"))
        .collect();
    assert_eq!(histograms, ["http_request_duration_seconds"]);
}

/// The buckets are those that were set.
#[actix_web::test]
async fn durations_fall_into_the_buckets_that_were_set() {
    let exporter = private_exporter();
    let buckets = Buckets::new([30.0, 60.0]).unwrap();
    let metrics = builder(&exporter).with_duration_buckets(buckets).build().unwrap();
    let app = App::new().route("/{id}", web::get().to(async || "hello"));
    let app = init_service(app.wrap(metrics)).await;

    call(&app, TestRequest::with_uri("/7").to_request()).await;

    assert_eq!(
        series(&exporter, "http_request_duration_seconds_bucket"),
        ["GET /{id} 30 1", "GET /{id} 60 1", "GET /{id} +Inf 1"]
    );
}

/// Whoever declared a metric first decides its buckets; who comes later with others is told.
#[actix_web::test]
async fn other_buckets_for_the_same_metric_are_refused() {
    let exporter = private_exporter();
    let _first = Metrics::new(&exporter);

    let error = builder(&exporter).with_duration_buckets(Buckets::light()).build().unwrap_err();

    assert_eq!(
        error.to_string(),
        "metric \"http_request_duration_seconds\" is declared already, with another bucket list; \
         declare both alike, or rename one of the two"
    );
    assert!(builder(&exporter).build().is_ok());
}

/// The clock runs to the end of the body, the time to first byte to the head; or both to the
/// head.
#[actix_web::test]
async fn the_clock_stops_at_the_end_of_the_body_or_at_the_head() {
    const PAUSE: Duration = Duration::from_millis(20);

    for until_head in [false, true] {
        let exporter = private_exporter();
        let mut builder = builder(&exporter).with_time_to_first_byte(Buckets::http());
        if until_head {
            builder = builder.with_duration_until_head();
        }
        let slow = async || {
            let pause = Box::pin(stream::once(async {
                tokio::time::sleep(PAUSE).await;
                Ok::<_, io::Error>(Bytes::new())
            }));
            HttpResponse::Ok().body(BodyStream::new(pause))
        };
        let app = App::new().route("/", web::get().to(slow)).wrap(builder.build().unwrap());
        let app = init_service(app).await;

        call(&app, TestRequest::default().to_request()).await;

        assert_counted(&exporter, &["GET / 200 1"], &[]);
        let duration = sum(&exporter, "http_request_duration_seconds");
        let head = sum(&exporter, "http_response_time_to_first_byte_seconds");
        assert!(head > 0.0);
        if until_head {
            assert!((duration - head).abs() < f64::EPSILON, "{duration} {head}");
        } else {
            assert!(duration - head >= PAUSE.as_secs_f64(), "{duration} {head}");
        }
    }
}

/// A request without a response has no time to a first byte.
#[actix_web::test]
async fn a_cancelled_request_has_no_first_byte() {
    let exporter = private_exporter();
    let metrics = builder(&exporter).with_time_to_first_byte(Buckets::http()).build().unwrap();
    let app = App::new().route("/", web::get().to(std::future::pending::<String>));
    let app = init_service(app.wrap(metrics)).await;

    drop(app.call(TestRequest::default().to_request()));

    assert_counted(&exporter, &["GET / 499 1"], &["GET / cancelled 1"]);
    assert_eq!(series(&exporter, "http_response_time_to_first_byte_seconds_count"), ["GET / 0"]);
}

/// The size of a response is what was taken of its body: in chunks, as a whole, in part, or not
/// at all.
#[actix_web::test]
async fn response_sizes_are_the_bytes_that_were_taken() {
    let exporter = private_exporter();
    let metrics = builder(&exporter).with_response_size(Buckets::sizes()).build().unwrap();
    let app = App::new()
        .route("/text", web::route().to(async || "eleven char"))
        .route("/empty", web::get().to(async || HttpResponse::NoContent()))
        .route(
            "/stream",
            web::get().to(async || HttpResponse::Ok().body(BodyStream::new(two_chunks()))),
        )
        .route(
            "/left",
            web::get().to(async || HttpResponse::Ok().body(BodyStream::new(two_chunks()))),
        )
        .route("/whole", web::get().to(async || "twelve chars"));
    let app = init_service(app.wrap(metrics)).await;

    for path in ["/text", "/empty", "/stream"] {
        call(&app, TestRequest::with_uri(path).to_request()).await;
    }
    let head = TestRequest::with_uri("/text").method(actix_web::http::Method::HEAD);
    call(&app, head.to_request()).await;
    let left = app.call(TestRequest::with_uri("/left").to_request()).await.unwrap();
    let mut left = task::spawn(left.into_body());
    assert!(left.enter(|cx, body| body.poll_next(cx)).is_ready());
    drop(left);
    let whole = app.call(TestRequest::with_uri("/whole").to_request()).await.unwrap();
    assert!(whole.into_body().try_into_bytes().is_ok());

    assert_eq!(
        series(&exporter, "http_response_size_bytes_sum"),
        [
            "GET /empty 0",
            "GET /left 5",
            "GET /stream 10",
            "GET /text 11",
            "GET /whole 12",
            "HEAD /text 0",
        ]
    );
}

/// The size of a request is what was read of its body, which arrives unchanged.
#[actix_web::test]
async fn request_sizes_are_the_bytes_that_were_read() {
    let exporter = private_exporter();
    let metrics = builder(&exporter).with_request_size(Buckets::sizes()).build().unwrap();
    let app = App::new()
        .route("/all", web::post().to(async |body: Bytes| body))
        .route("/json", web::post().to(async |json: web::Json<[u8; 3]>| format!("{json:?}")))
        .route(
            "/part",
            web::post().to(async |mut body: web::Payload| body.next().await.unwrap().unwrap()),
        )
        .route("/none", web::post().to(async || "not read"));
    let app = init_service(app.wrap(metrics)).await;

    let post = |path: &str| TestRequest::post().uri(path);
    let all = call(&app, post("/all").set_payload("seven b").to_request()).await;
    assert_eq!(*all.body(), "seven b");
    let json = call(&app, post("/json").set_json([1, 2, 3]).to_request()).await;
    assert_eq!(json.status(), 200);
    let mut request = post("/part").to_request();
    let chunks = two_chunks().map(|chunk| chunk.map_err(error::PayloadError::Io));
    *request.payload() = Payload::Stream { payload: Box::pin(chunks) };
    assert_eq!(*call(&app, request).await.body(), "chunk");
    call(&app, post("/none").set_payload("unread").to_request()).await;
    call(&app, post("/all").to_request()).await;

    assert_eq!(
        series(&exporter, "http_request_size_bytes_sum"),
        ["POST /all 7", "POST /json 7", "POST /none 0", "POST /part 5"]
    );
    assert_counted(
        &exporter,
        &["POST /all 200 2", "POST /json 200 1", "POST /none 200 1", "POST /part 200 1"],
        &[],
    );
}

/// A gRPC status is read from the head: actix-web's bodies have no trailers. An answer without one
/// has an empty label.
#[actix_web::test]
async fn the_grpc_status_is_that_of_the_head() {
    let exporter = private_exporter();
    let metrics = builder(&exporter).with_grpc_status().build().unwrap();
    let answer = async |status: web::Path<String>| {
        HttpResponse::Ok().insert_header(("grpc-status", status.into_inner())).finish()
    };
    let app = App::new()
        .route("/grpc/{status}", web::post().to(answer))
        .route("/plain", web::post().to(async || "no gRPC"));
    let app = init_service(app.wrap(metrics)).await;

    for path in ["/grpc/0", "/grpc/12", "/grpc/99", "/grpc/-", "/plain"] {
        call(&app, TestRequest::post().uri(path).to_request()).await;
    }

    assert_eq!(
        series(&exporter, "http_requests_total"),
        [
            "POST /grpc/{status} 200 0 1",
            "POST /grpc/{status} 200 12 1",
            "POST /grpc/{status} 200 2 2",
            "POST /plain 200  1",
        ]
    );
}

/// An error while the request is read reaches the handler.
#[actix_web::test]
async fn a_request_body_that_fails_still_fails() {
    let exporter = private_exporter();
    let metrics = builder(&exporter).with_request_size(Buckets::sizes()).build().unwrap();
    let app = App::new().route("/", web::post().to(async |body: Bytes| body)).wrap(metrics);
    let app = init_service(app).await;

    let mut request = TestRequest::post().to_request();
    let chunks =
        stream::iter([Ok(Bytes::from_static(b"four")), Err(error::PayloadError::Overflow)]);
    *request.payload() = Payload::Stream { payload: Box::pin(chunks) };
    let status = call(&app, request).await.status();

    assert_eq!(status, error::PayloadError::Overflow.status_code());
    assert_eq!(series(&exporter, "http_request_size_bytes_sum"), ["POST / 4"]);
}

/// Endpoints above the limit share one value, and are reported; `unmatched` is not one of them.
#[actix_web::test]
async fn endpoints_above_the_limit_become_other() {
    let exporter = private_exporter();
    let metrics = builder(&exporter).with_max_endpoints(2).build().unwrap();
    let app = ["/a", "/b", "/c", "/d"]
        .iter()
        .fold(App::new(), |app, path| app.route(path, web::get().to(async || "hello")));
    let app = init_service(app.wrap(metrics)).await;

    for path in ["/scan", "/a", "/b", "/c", "/d", "/a", "/scan"] {
        call(&app, TestRequest::with_uri(path).to_request()).await;
    }

    assert_counted(
        &exporter,
        &["GET /a 200 2", "GET /b 200 1", "GET other 200 2", "GET unmatched 404 2"],
        &[],
    );
    assert_eq!(series(&exporter, "tower_metrics_label_overflow_total"), ["endpoint 2"]);
}
