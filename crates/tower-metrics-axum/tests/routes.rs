//! Which endpoint a request to an axum router is counted under.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

use axum::body::Body;
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_metrics_axum::RouterExt as _;
use tower_metrics_core::{Buckets, MetricsLayer, Route, RouteLayer};
use tower_metrics_prometheus::Exporter;

fn private_exporter() -> Exporter {
    Exporter::builder().build().unwrap()
}

async fn send(app: &Router, method: &str, path: &str) -> StatusCode {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    response.into_body().collect().await.unwrap();
    status
}

/// The lines of one metric, without comments.
fn lines(exporter: &Exporter, metric: &str) -> Vec<String> {
    let text = exporter.render();
    text.lines().filter(|line| line.starts_with(metric)).map(str::to_owned).collect()
}

/// The label is the template with every prefix, however deep the nesting.
#[tokio::test]
async fn nested_routers_give_the_full_template() {
    let exporter = private_exporter();
    let inner = Router::new().route("/{user}/posts/{post}", get(|| async {}));
    let app = Router::new()
        .nest("/api/{version}", Router::new().nest("/users", inner))
        .with_metrics(&exporter);

    send(&app, "GET", "/api/v1/users/7/posts/9").await;
    send(&app, "GET", "/api/v2/users/8/posts/1").await;

    assert_eq!(
        lines(&exporter, "http_requests_total"),
        [
            r#"http_requests_total{method="GET",endpoint="/api/{version}/users/{user}/posts/{post}",status_code="200"} 2"#
        ]
    );
}

/// A raw path is never a label: not on the default fallback, a custom one, or a nested one.
#[tokio::test]
async fn whatever_matches_no_route_is_unmatched() {
    let nested =
        Router::new().route("/known", get(|| async {})).fallback(|| async { StatusCode::GONE });
    for (app, statuses) in [
        (Router::new().route("/", get(|| async {})), [404, 404]),
        (Router::new().fallback(|| async { StatusCode::IM_A_TEAPOT }), [418, 418]),
        (Router::new().nest("/nested", nested), [404, 410]),
    ] {
        let exporter = private_exporter();
        let app: Router = app.with_metrics(&exporter);
        send(&app, "GET", "/scan-1").await;
        send(&app, "GET", "/nested/scan-2").await;
        let mut expected: Vec<String> = statuses
            .iter()
            .map(|status| format!(r#"endpoint="unmatched",status_code="{status}""#))
            .collect();
        expected.dedup();
        let lines = lines(&exporter, "http_requests_total");
        assert_eq!(lines.len(), expected.len(), "{lines:?}");
        for (line, expected) in lines.iter().zip(&expected) {
            assert!(line.contains(expected), "{lines:?}");
        }
    }
}

/// 405 belongs to the route whose path matched.
#[tokio::test]
async fn a_wrong_method_keeps_the_template() {
    let exporter = private_exporter();
    let app = Router::new().route("/jobs/{id}", post(|| async {})).with_metrics(&exporter);

    assert_eq!(send(&app, "DELETE", "/jobs/1").await, StatusCode::METHOD_NOT_ALLOWED);

    assert_eq!(
        lines(&exporter, "http_requests_total"),
        [r#"http_requests_total{method="DELETE",endpoint="/jobs/{id}",status_code="405"} 1"#]
    );
}

/// A client can send any token as a method; they all share one value.
#[tokio::test]
async fn methods_outside_the_list_are_other() {
    let exporter = private_exporter();
    let app = Router::new().route("/", any(|| async {})).with_metrics(&exporter);

    for method in ["BREW", "PROPFIND", "X1", "X2"] {
        send(&app, method, "/").await;
    }

    assert_eq!(
        lines(&exporter, "http_requests_total"),
        [r#"http_requests_total{method="_OTHER",endpoint="/",status_code="200"} 4"#]
    );
    assert_eq!(
        lines(&exporter, "http_requests_in_flight"),
        [r#"http_requests_in_flight{method="_OTHER"} 0"#]
    );
}

/// Axum gives no template to `nest_service`; a layer or an extension does.
#[tokio::test]
async fn a_nested_service_is_unmatched_until_it_is_named() {
    let service = service_fn(|_: Request<Body>| async {
        Ok::<_, std::convert::Infallible>(Response::new(Body::empty()))
    });
    let itself = service_fn(|_: Request<Body>| async {
        let response = Response::builder().extension(Route::from("/itself/{*path}"));
        Ok::<_, std::convert::Infallible>(response.body(Body::empty()).unwrap())
    });
    let exporter = private_exporter();
    let app = Router::new()
        .nest_service("/plain", service)
        .nest_service("/layered", RouteLayer::new("/layered/{*path}").layer(service))
        .nest_service("/itself", itself)
        .with_metrics(&exporter);

    for path in ["/plain/a", "/layered/b", "/itself/c"] {
        assert_eq!(send(&app, "GET", path).await, StatusCode::OK);
    }

    assert_eq!(
        lines(&exporter, "http_requests_total"),
        [
            r#"http_requests_total{method="GET",endpoint="/itself/{*path}",status_code="200"} 1"#,
            r#"http_requests_total{method="GET",endpoint="/layered/{*path}",status_code="200"} 1"#,
            r#"http_requests_total{method="GET",endpoint="unmatched",status_code="200"} 1"#,
        ]
    );
}

/// The name holds also for a request that ended before there was a response.
#[tokio::test]
async fn a_named_service_keeps_its_name_when_it_is_cancelled() {
    let exporter = private_exporter();
    let pending = service_fn(|_: Request<Body>| {
        std::future::pending::<Result<Response<Body>, std::convert::Infallible>>()
    });
    let app: Router = Router::new()
        .nest_service("/files", RouteLayer::new("/files/{*path}").layer(pending))
        .with_metrics(&exporter);

    let request = Request::builder().uri("/files/a").body(Body::empty()).unwrap();
    let mut response = tokio_test::task::spawn(app.oneshot(request));
    assert!(response.poll().is_pending());
    assert_eq!(
        lines(&exporter, "http_requests_in_flight"),
        [r#"http_requests_in_flight{method="GET"} 1"#]
    );
    drop(response);

    assert_eq!(
        lines(&exporter, "http_requests_total"),
        [r#"http_requests_total{method="GET",endpoint="/files/{*path}",status_code="499"} 1"#]
    );
    assert_eq!(
        lines(&exporter, "http_request_duration_seconds_count"),
        [r#"http_request_duration_seconds_count{method="GET",endpoint="/files/{*path}"} 1"#]
    );
    assert_eq!(
        lines(&exporter, "http_requests_in_flight"),
        [r#"http_requests_in_flight{method="GET"} 0"#]
    );
}

/// A layer around a whole router runs before routing; an extension set before it names requests.
#[tokio::test]
async fn a_layer_around_a_router_takes_the_name_from_the_request() {
    let exporter = private_exporter();
    let layer = MetricsLayer::builder().with_recorder(exporter.recorder()).build().unwrap();
    let router = Router::<()>::new().route("/users/{id}", get(|| async {}));
    let app = Extension(Route::from("the service")).layer(layer.layer(router));

    let request = Request::builder().uri("/users/7").body(Body::empty()).unwrap();
    app.oneshot(request).await.unwrap();

    assert_eq!(
        lines(&exporter, "http_requests_total"),
        [r#"http_requests_total{method="GET",endpoint="the service",status_code="200"} 1"#]
    );
}

/// A route is the one that the response names, else the router's, else the one in the request's
/// extensions, else that of a layer inside; and it is left out by the name that is known first.
#[tokio::test]
async fn the_response_names_before_the_router_and_the_router_before_the_request() {
    let exporter = private_exporter();
    let metrics = tower_metrics_axum::builder().with_recorder(exporter.recorder());
    let inside = || RouteLayer::new("/inside");
    let app = Router::new()
        .route("/router", get(|| async {}).layer(inside()))
        .route("/response", get(|| async { Extension(Route::from("/response/{*path}")) }))
        .fallback_service(inside().layer(any(|| async {})))
        .layer(metrics.without_endpoint("/left-out").build().unwrap());
    let named = |name: &'static str| app.clone().layer(Extension(Route::from(name)));

    for path in ["/router", "/response", "/any"] {
        send(&named("/request"), "GET", path).await;
    }
    send(&app, "GET", "/any").await;
    for path in ["/any", "/router"] {
        send(&named("/left-out"), "GET", path).await;
    }

    let line = |endpoint: &str, count: u32| {
        format!(
            r#"http_requests_total{{method="GET",endpoint="{endpoint}",status_code="200"}} {count}"#
        )
    };
    assert_eq!(
        lines(&exporter, "http_requests_total"),
        [line("/inside", 1), line("/request", 1), line("/response/{*path}", 1), line("/router", 2)]
    );
}

/// The buckets of a layer reach an exporter that was built before it.
#[tokio::test]
async fn a_layer_brings_its_own_buckets() {
    let exporter = private_exporter();
    let layer = tower_metrics_axum::builder()
        .with_recorder(exporter.recorder())
        .with_duration_buckets(Buckets::new([0.25, 30.0]).unwrap())
        .build()
        .unwrap();
    let app = Router::new()
        .route("/", get(|| async {}))
        .layer(layer)
        .route_service("/admin/metrics", exporter.scrape_service());

    send(&app, "GET", "/").await;
    send(&app, "GET", "/admin/metrics").await;

    assert_eq!(
        lines(&exporter, "http_request_duration_seconds_bucket"),
        [
            r#"http_request_duration_seconds_bucket{method="GET",endpoint="/",le="0.25"} 1"#,
            r#"http_request_duration_seconds_bucket{method="GET",endpoint="/",le="30"} 1"#,
            r#"http_request_duration_seconds_bucket{method="GET",endpoint="/",le="+Inf"} 1"#,
        ]
    );
}

/// Two apps in one process, each with an exporter, see nothing of each other.
#[tokio::test]
async fn two_apps_do_not_mix() {
    let (one, two) = (private_exporter(), private_exporter());
    let app = || Router::new().route("/", get(|| async {}));
    let (first, second) = (app().with_metrics(&one), app().with_metrics(&two));

    send(&first, "GET", "/").await;
    send(&first, "GET", "/").await;
    send(&second, "GET", "/").await;

    let count = |exporter| lines(exporter, "http_requests_total").concat();
    assert!(count(&one).ends_with(" 2"), "{}", count(&one));
    assert!(count(&two).ends_with(" 1"), "{}", count(&two));
}

/// `with_metrics` serves the text, with the type Prometheus asks for, and does not measure itself.
#[tokio::test]
async fn metrics_are_served_and_not_measured() {
    let exporter = private_exporter();
    let app: Router = Router::new().route("/", get(|| async {})).with_metrics(&exporter);
    send(&app, "GET", "/").await;

    let request = Request::builder().uri("/metrics").body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, exporter.render());
    assert_eq!(send(&app, "HEAD", "/metrics").await, StatusCode::OK);
    assert_eq!(send(&app, "POST", "/metrics").await, StatusCode::METHOD_NOT_ALLOWED);

    assert_eq!(lines(&exporter, "http_requests_total").len(), 1);
    assert!(!exporter.render().contains("/metrics"));
}
