//! Who answers `/metrics`, and what.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

#[path = "support/app.rs"]
mod app;
mod support;

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::{Next, NormalizePath, from_fn};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::{self, Bytes};
use actix_web::{App, Error, HttpResponse, error};
use tower_metrics_actix_web::{Metrics, endpoint};
use tower_metrics_prometheus::CONTENT_TYPE;

use app::call;
use support::{assert_counted, private_exporter, series};

/// Lets in whoever has a key; refuses others by an `Err`.
async fn keyed<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if request.headers().contains_key("key") {
        next.call(request).await
    } else {
        Err(error::ErrorUnauthorized("a key, please"))
    }
}

/// Lets in whoever has a key; refuses others by a response.
async fn guarded(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, Error> {
    if request.headers().contains_key("key") {
        next.call(request).await.map(ServiceResponse::map_into_boxed_body)
    } else {
        Ok(request.into_response(HttpResponse::Forbidden().body("a key, please")))
    }
}

/// Answers of an app to two requests for `path`: without a key, and with it.
async fn with_and_without_key<R, B: MessageBody>(
    app: &impl Service<R, Response = ServiceResponse<B>, Error = Error>,
    request: impl Fn(TestRequest) -> R,
    path: &str,
) -> [HttpResponse<Bytes>; 2] {
    let without = TestRequest::with_uri(path);
    let with = TestRequest::with_uri(path).insert_header(("key", "here"));
    [call(app, request(without)).await, call(app, request(with)).await]
}

/// A scrape is answered in Prometheus' text format, with what the exporter renders.
#[actix_web::test]
async fn a_scrape_is_answered_with_the_metrics() {
    let exporter = private_exporter();
    let app = App::new()
        .route("/users/{id}", web::get().to(async || "a user"))
        .service(endpoint("/mounted", &exporter));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;
    call(&app, TestRequest::with_uri("/users/7").to_request()).await;

    for path in ["/metrics", "/metrics?name[]=up"] {
        let scrape = call(&app, TestRequest::with_uri(path).to_request()).await;
        assert_eq!(scrape.status(), 200);
        assert_eq!(scrape.headers().get(header::CONTENT_TYPE).unwrap(), CONTENT_TYPE);
        assert_eq!(scrape.headers().get(header::CACHE_CONTROL).unwrap(), "no-store");
        assert_eq!(*scrape.body(), exporter.render());
    }
    for path in ["/metrics", "/mounted"] {
        let head = TestRequest::with_uri(path).method(Method::HEAD).to_request();
        let head = call(&app, head).await;
        assert_eq!(head.status(), 200);
        assert_eq!(head.headers().get(header::CONTENT_TYPE).unwrap(), CONTENT_TYPE);
    }

    assert_eq!(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    assert!(exporter.render().contains("http_requests_total{"));
}

/// Scrapes leave no trace: no series has their path or method, not even in flight.
#[actix_web::test]
async fn a_scrape_is_not_measured() {
    let exporter = private_exporter();
    let app = App::new().route("/users/{id}", web::post().to(async || "a user"));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    let user = TestRequest::post().uri("/users/7").to_request();
    call(&app, user).await;
    for method in [Method::GET, Method::HEAD, Method::DELETE] {
        call(&app, TestRequest::with_uri("/metrics").method(method).to_request()).await;
    }
    // Not even one whose scraper goes away.
    drop(app.call(TestRequest::with_uri("/metrics").to_request()));
    let scrape = call(&app, TestRequest::with_uri("/metrics").to_request()).await;

    assert_counted(&exporter, &["POST /users/{id} 200 1"], &[]);
    let text = std::str::from_utf8(scrape.body()).unwrap();
    assert!(text.contains(r#"http_requests_in_flight{method="POST"} 0"#), "{text}");
    assert!(!text.contains("GET") && !text.contains("/metrics"), "{text}");
}

/// Only reading is allowed, and the answer says so.
#[actix_web::test]
async fn other_methods_are_refused() {
    let exporter = private_exporter();
    let app = App::new().service(endpoint("/mounted", &exporter)).wrap(Metrics::new(&exporter));
    let app = init_service(app).await;

    for path in ["/metrics", "/mounted"] {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let request = TestRequest::with_uri(path).method(method).to_request();
            let response = call(&app, request).await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(response.headers().get(header::ALLOW).unwrap(), "GET, HEAD");
            assert!(response.body().is_empty());
        }
    }
}

/// The path can be another one; what is built by hand answers nothing unless told to.
#[actix_web::test]
async fn the_path_is_chosen_by_the_app() {
    let exporter = private_exporter();
    let metrics = Metrics::builder().with_recorder(exporter.recorder()).build().unwrap();

    let silent = init_service(App::new().wrap(metrics.clone())).await;
    let other = init_service(App::new().wrap(metrics.with_metrics_path("/x", &exporter))).await;
    let status = async |path: &str| {
        let request = || TestRequest::with_uri(path).to_request();
        (call(&silent, request()).await.status(), call(&other, request()).await.status())
    };

    assert_eq!(status("/metrics").await, (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    assert_eq!(status("/x").await, (StatusCode::NOT_FOUND, StatusCode::OK));
    assert_counted(&exporter, &["GET unmatched 404 3"], &[]);
}

/// Whoever must be asked before a request is answered is asked before a scrape, wherever they
/// stand and however they refuse.
#[actix_web::test]
async fn an_authentication_protects_the_metrics() {
    let exporter = private_exporter();
    let metrics = || Metrics::new(&exporter);
    let request = TestRequest::to_request;

    let app = init_service(App::new().wrap(from_fn(keyed)).wrap(metrics())).await;
    let [refused, answered] = with_and_without_key(&app, request, "/metrics").await;
    assert_eq!((refused.status().as_u16(), &refused.body()[..]), (401, &b"a key, please"[..]));
    assert_eq!(answered.status(), 200);

    let app = init_service(App::new().wrap(metrics()).wrap(from_fn(keyed))).await;
    let [refused, answered] = with_and_without_key(&app, request, "/metrics").await;
    assert_eq!((refused.status().as_u16(), answered.status().as_u16()), (401, 200));

    let app = init_service(App::new().wrap(from_fn(guarded)).wrap(metrics())).await;
    let [refused, answered] = with_and_without_key(&app, request, "/metrics").await;
    assert_eq!((refused.status().as_u16(), &refused.body()[..]), (403, &b"a key, please"[..]));
    assert_eq!(answered.status(), 200);

    let app = init_service(App::new().wrap(metrics()).wrap(from_fn(guarded))).await;
    let [refused, answered] = with_and_without_key(&app, request, "/metrics").await;
    assert_eq!((refused.status().as_u16(), answered.status().as_u16()), (403, 200));
    assert_eq!(answered.headers().get(header::CONTENT_TYPE).unwrap(), CONTENT_TYPE);

    assert_counted(&exporter, &[], &[]);
}

/// A route of the app's own wins, also where it says 404, or has nothing for the method.
#[actix_web::test]
async fn a_route_of_the_app_wins() {
    for (own, status, body) in [
        (web::get().to(async || "my metrics"), 200, "my metrics"),
        (web::get().to(async || HttpResponse::NotFound().body("none yet")), 404, "none yet"),
        (web::post().to(async || "my metrics"), 404, ""),
    ] {
        let exporter = private_exporter();
        let app = App::new().route("/metrics", own).wrap(Metrics::new(&exporter));
        let app = init_service(app).await;

        let response = call(&app, TestRequest::with_uri("/metrics").to_request()).await;

        assert_eq!((response.status().as_u16(), &response.body()[..]), (status, body.as_bytes()));
        assert_counted(&exporter, &[], &[]);
    }
}

/// A default service that finds nothing leaves scrapes to us; one that answers everything, as
/// that of a single-page application, answers them too.
#[actix_web::test]
async fn a_default_service_that_answers_wins() {
    let exporter = private_exporter();
    let not_found = web::to(async || HttpResponse::NotFound().body("a page that says so"));
    let app = App::new().default_service(not_found).wrap(Metrics::new(&exporter));
    let app = init_service(app).await;
    let scrape = call(&app, TestRequest::with_uri("/metrics").to_request()).await;
    assert_eq!(scrape.headers().get(header::CONTENT_TYPE).unwrap(), CONTENT_TYPE);

    let index = web::to(async || "index.html");
    let app = init_service(App::new().default_service(index).wrap(Metrics::new(&exporter))).await;
    let page = call(&app, TestRequest::with_uri("/metrics").to_request()).await;
    assert_eq!(*page.body(), "index.html");
}

/// The endpoint is a resource like any other: in a scope, behind the scope's authentication, and
/// measured.
#[actix_web::test]
async fn an_endpoint_lives_where_it_is_mounted() {
    let exporter = private_exporter();
    let admin = web::scope("/admin").service(endpoint("/metrics", &exporter)).wrap(from_fn(keyed));
    let metrics = Metrics::builder().with_recorder(exporter.recorder()).build().unwrap();
    let app = init_service(App::new().service(admin).wrap(metrics)).await;

    let [refused, answered] =
        with_and_without_key(&app, TestRequest::to_request, "/admin/metrics").await;

    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answered.status(), StatusCode::OK);
    assert_eq!(answered.headers().get(header::CONTENT_TYPE).unwrap(), CONTENT_TYPE);
    let text = std::str::from_utf8(answered.body()).unwrap();
    assert!(text.contains(r#"endpoint="/admin/metrics",status_code="401"} 1"#), "{text}");
    assert_counted(&exporter, &["GET /admin/metrics 200 1", "GET /admin/metrics 401 1"], &[]);
    assert_eq!(series(&exporter, "http_requests_in_flight"), ["GET 0"]);
}

/// What normalizes paths outside brings scrapes with a slash too many here.
#[actix_web::test]
async fn a_normalized_path_is_answered() {
    let exporter = private_exporter();
    let app = App::new().wrap(Metrics::new(&exporter)).wrap(NormalizePath::trim());
    let app = init_service(app).await;

    for path in ["/metrics", "/metrics/", "//metrics"] {
        let scrape = call(&app, TestRequest::with_uri(path).to_request()).await;
        assert_eq!(scrape.status(), 200);
    }

    assert_counted(&exporter, &[], &[]);
}

/// Other paths are not mistaken for a scrape.
#[actix_web::test]
async fn only_the_very_path_is_a_scrape() {
    let exporter = private_exporter();
    let app = init_service(App::new().wrap(Metrics::new(&exporter))).await;

    for path in ["/", "/metrics/", "/metrics/x", "/METRICS", "/metric", "/x/metrics"] {
        let response = call(&app, TestRequest::with_uri(path).to_request()).await;
        assert_eq!(response.status(), 404);
    }

    assert_counted(&exporter, &["GET unmatched 404 6"], &[]);
}
