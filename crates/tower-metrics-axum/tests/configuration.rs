//! What users can change: names, labels, limits, exclusions.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

use std::borrow::Cow;

use axum::body::Body;
use axum::routing::get;
use axum::{Extension, Router};
use http::{Request, Version};
use http_body_util::BodyExt as _;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_metrics_core::middleware::{RouteResolver, Unmeasured, UnmeasuredLayer};
use tower_metrics_core::names::{HttpLabel, HttpMetric};
use tower_metrics_core::{Buckets, Builder, MetricSpec, MetricsLayer};
use tower_metrics_prometheus::Exporter;

struct App {
    exporter: Exporter,
    router: Router,
}

impl App {
    /// An app with routes `/users/{id}` and `/health`, measured as `customise` says.
    fn new(customise: impl FnOnce(Builder<MetricsLayer>) -> Builder<MetricsLayer>) -> Self {
        let exporter = Exporter::builder().build().unwrap();
        let builder = tower_metrics_axum::builder().with_recorder(exporter.recorder());
        let router = Router::new()
            .route("/users/{id}", get(|| async { [("x-cache", "hit")] }))
            .route("/health", get(|| async {}))
            .route("/grpc", get(|| async { [("grpc-status", "12")] }))
            .route("/fails", get(|| async { http::StatusCode::BAD_GATEWAY }))
            .layer(customise(builder).build().unwrap());
        Self { exporter, router }
    }

    async fn get(&self, path: &str) {
        self.send(Request::builder().uri(path)).await;
    }

    async fn send(&self, request: http::request::Builder) {
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        response.into_body().collect().await.unwrap();
    }

    /// The series of one metric, without buckets.
    fn series(&self, metric: &str) -> Vec<String> {
        let text = self.exporter.render();
        text.lines()
            .filter(|line| line.starts_with(metric) && !line.contains("_bucket"))
            .map(str::to_owned)
            .collect()
    }
}

/// Every name can be another; the parts that are not named keep theirs.
#[tokio::test]
async fn metrics_and_labels_can_be_renamed() {
    let app = App::new(|builder| {
        builder
            .with_prefix("app")
            .with_metric_name(HttpMetric::Requests, "hits_total")
            .with_label_name(HttpLabel::Endpoint, "route")
            .with_constant_label("region", "eu")
    });
    app.get("/users/7").await;
    assert_eq!(
        app.series("app_hits_total"),
        [r#"app_hits_total{method="GET",route="/users/{id}",status_code="200",region="eu"} 1"#]
    );
    assert_eq!(
        app.series("app_http_requests_in_flight"),
        [r#"app_http_requests_in_flight{method="GET",region="eu"} 0"#]
    );
    assert_eq!(app.series("http"), [""; 0]);
}

/// Requests in flight can be told apart by endpoint, and durations by status, or its class.
#[tokio::test]
async fn labels_can_be_added_to_metrics_that_have_few() {
    let detailed =
        |builder: Builder<_>| builder.with_in_flight_by_endpoint().with_duration_by_status();
    let app = App::new(detailed);
    app.get("/health").await;
    app.get("/fails").await;
    assert_eq!(
        app.series("http_requests_in_flight"),
        [
            r#"http_requests_in_flight{method="GET",endpoint="/fails"} 0"#,
            r#"http_requests_in_flight{method="GET",endpoint="/health"} 0"#,
        ]
    );
    let count = |endpoint: &str, status: &str| {
        format!(
            r#"http_request_duration_seconds_count{{method="GET",endpoint="{endpoint}",status_code="{status}"}} 1"#
        )
    };
    let counts = "http_request_duration_seconds_count";
    assert_eq!(app.series(counts), [count("/fails", "502"), count("/health", "200")]);

    let app = App::new(|builder| detailed(builder).with_status_class());
    app.get("/fails").await;
    assert_eq!(app.series(counts), [count("/fails", "5xx")]);
}

/// Two layers with different prefixes on one exporter keep apart, one inside the other.
#[tokio::test]
async fn several_layers_share_an_exporter() {
    let mut app = App::new(|builder| builder.with_prefix("inner"));
    let outer = tower_metrics_axum::builder()
        .with_recorder(app.exporter.recorder())
        .with_prefix("outer")
        .with_duration_buckets(Buckets::light())
        .build()
        .unwrap();
    app.router = app.router.layer(outer);
    app.get("/health").await;
    for prefix in ["inner", "outer"] {
        let name = format!("{prefix}_http_requests_total");
        assert_eq!(
            app.series(&name),
            [format!(r#"{name}{{method="GET",endpoint="/health",status_code="200"}} 1"#)]
        );
    }
}

/// Labels from request and response; what a client makes up beyond the limit is `other`.
#[tokio::test]
async fn extra_labels_are_limited() {
    let app = App::new(|builder| {
        builder
            .with_label_from_header("tenant", "x-tenant")
            .with_label_limit("tenant", 2)
            .with_label_from_request("query", |head| head.uri.query().map(Cow::Borrowed))
            .with_label_from_response("cache", |head| {
                head.headers.get("x-cache")?.to_str().ok().map(Cow::Borrowed)
            })
    });
    for tenant in ["a", "b", "c", "d", "a"] {
        app.send(Request::builder().uri("/users/7?q").header("x-tenant", tenant)).await;
    }
    app.get("/health").await;
    let series = |tenant: &str, count: u32| {
        format!(
            r#"http_requests_total{{method="GET",endpoint="/users/{{id}}",status_code="200",tenant="{tenant}",query="q",cache="hit"}} {count}"#
        )
    };
    assert_eq!(
        app.series("http_requests_total"),
        [
            r#"http_requests_total{method="GET",endpoint="/health",status_code="200",tenant="",query="",cache=""} 1"#.to_owned(),
            series("a", 2),
            series("b", 1),
            series("other", 2),
        ]
    );
    assert_eq!(
        app.series("tower_metrics_label_overflow_total"),
        [r#"tower_metrics_label_overflow_total{label="tenant"} 2"#]
    );
}

/// Whatever bytes a client sends in a header come out as a valid label value.
#[tokio::test]
async fn header_bytes_are_safe_in_labels() {
    let app = App::new(|builder| builder.with_label_from_header("x", "x"));
    let long = vec![b'l'; 10_000];
    for value in [&b"quo\"te"[..], b"back\\slash", b"\xff\xfe", &long] {
        app.send(Request::builder().uri("/health").header("x", value)).await;
    }
    let values: Vec<String> = app
        .series("http_requests_total")
        .iter()
        .map(|line| line.split_once("x=\"").unwrap().1.split_once("\"}").unwrap().0.to_owned())
        .collect();
    assert_eq!(values, ["back\\\\slash", "other", "quo\\\"te", "\u{fffd}\u{fffd}"]);
}

/// What is left out leaves nothing behind, in flight included.
#[tokio::test]
async fn excluded_requests_leave_no_trace() {
    type Customise = fn(Builder<MetricsLayer>) -> Builder<MetricsLayer>;
    let ways: [Customise; 4] = [
        |builder| builder.without_endpoint("/users/{id}"),
        |builder| builder.without_path_prefix("/users"),
        |builder| builder.without_requests(|head| head.headers.contains_key("x-probe")),
        |builder| builder,
    ];
    for (way, customise) in ways.into_iter().enumerate() {
        let app = App::new(customise);
        let marked = (way == 3).then(Unmeasured::new);
        let mut request = Request::builder().uri("/users/7").header("x-probe", "1");
        if let Some(mark) = marked {
            request = request.extension(mark);
        }
        app.send(request).await;
        assert_eq!(app.exporter.render(), "", "way {way}");
        app.get("/health").await;
        assert_eq!(app.series("http_requests_total").len(), 1, "way {way}");
    }
}

/// A prefix ends where a path segment does.
#[tokio::test]
async fn an_excluded_prefix_is_a_path() {
    let app = App::new(|builder| builder.without_path_prefix("/heal"));
    app.get("/health").await;
    assert_eq!(app.series("http_requests_total").len(), 1);
}

/// A route, or a handler, takes itself out; nothing is recorded, and nothing stays in flight.
#[tokio::test]
async fn a_route_can_take_itself_out() {
    let exporter = Exporter::builder().build().unwrap();
    let layer = tower_metrics_axum::builder().with_recorder(exporter.recorder()).build().unwrap();
    let router: Router = Router::new()
        .route("/layer", get(|| async {}).layer(UnmeasuredLayer::new()))
        .route("/handler", get(|| async { (Extension(Unmeasured::new()), "") }))
        .layer(layer);
    let app = App { exporter, router };
    app.get("/layer").await;
    app.get("/handler").await;
    assert_eq!(
        app.exporter.render(),
        "# HELP http_requests_in_flight Number of HTTP requests that have arrived and not ended yet.\n\
         # TYPE http_requests_in_flight gauge\n\
         http_requests_in_flight{method=\"GET\"} 0\n"
    );
}

/// Class instead of code, and what the protocol was.
#[tokio::test]
async fn status_class_version_and_scheme_are_options() {
    let app = App::new(|builder| builder.with_status_class().with_http_version().with_scheme());
    app.send(Request::builder().uri("https://host/health").version(Version::HTTP_2)).await;
    assert_eq!(
        app.series("http_requests_total"),
        [
            r#"http_requests_total{method="GET",endpoint="/health",status_code="2xx",http_version="2",scheme="https"} 1"#
        ]
    );
}

/// The OpenTelemetry names, as its HTTP conventions have them.
#[tokio::test]
async fn open_telemetry_names_follow_the_conventions() {
    let app = App::new(|builder| {
        builder.with_open_telemetry_names().with_response_size(Buckets::sizes())
    });
    app.get("/users/7").await;
    app.get("/nowhere").await;
    app.get("/fails").await;
    let labels = |route: &str, status: u16, error: &str| {
        format!(
            r#"http_server_request_duration_seconds_count{{http_request_method="GET",http_route="{route}",http_response_status_code="{status}",error_type="{error}",network_protocol_version="1.1",url_scheme="http"}} 1"#
        )
    };
    assert_eq!(
        app.series("http_server_request_duration_seconds_count"),
        [labels("", 404, ""), labels("/fails", 502, "502"), labels("/users/{id}", 200, "")]
    );
    assert_eq!(
        app.series("http_server_active_requests"),
        [r#"http_server_active_requests{http_request_method="GET",url_scheme="http"} 0"#]
    );
    let text = app.exporter.render();
    assert!(text.contains("# TYPE http_server_response_body_size_bytes histogram"));
    assert!(text.contains("le=\"0.075\""));
    assert!(!text.contains("requests_total"));
}

/// With these names the durations count the requests, so the gRPC status is a label of theirs.
#[tokio::test]
async fn the_grpc_status_is_a_label_of_what_counts_the_requests() {
    let app = App::new(|builder| builder.with_open_telemetry_names().with_grpc_status());
    app.get("/grpc").await;
    app.get("/health").await;
    let counts = app.series("http_server_request_duration_seconds_count");
    let labels = |route: &str, status: &str| {
        format!(
            r#"http_route="{route}",http_response_status_code="200",error_type="",rpc_grpc_status_code="{status}""#
        )
    };
    assert_eq!(counts.len(), 2, "{counts:?}");
    for (line, labels) in counts.iter().zip([labels("/grpc", "12"), labels("/health", "")]) {
        assert!(line.contains(&labels) && line.ends_with("} 1"), "{line}");
    }
}

/// A metric that is off is not there at all.
#[tokio::test]
async fn metrics_can_be_switched_off() {
    let app = App::new(|builder| {
        builder.without_metric(HttpMetric::Duration).without_metric(HttpMetric::InFlight)
    });
    app.get("/health").await;
    assert!(app.exporter.render().starts_with("# HELP http_requests_total"));
    assert_eq!(app.exporter.render().lines().count(), 3);
}

/// A disabled layer passes requests through, and so does one behind a switch that is off.
#[tokio::test]
async fn a_disabled_layer_measures_nothing() {
    let mut app = App::new(|builder| builder);
    app.router = Router::new().route("/", get(|| async {})).layer(MetricsLayer::disabled());
    app.get("/").await;
    assert_eq!(app.exporter.render(), "");
}

/// A variable that the user chose turns everything off; the test runs itself with and without.
#[tokio::test]
async fn an_environment_switch_turns_measuring_off() {
    const SWITCH: &str = "TOWER_METRICS_TEST_SWITCH";
    let app = App::new(|builder| builder.with_env_switch(SWITCH));
    app.get("/health").await;
    if std::env::var_os(SWITCH).is_some() {
        assert_eq!(app.exporter.render(), "");
        // Nor does it take names for metrics that nobody records.
        let builder = MetricsLayer::builder().with_recorder(app.exporter.recorder());
        let _layer = builder.with_env_switch(SWITCH).build_or_warn();
        let name = HttpMetric::Duration.spec().name().to_owned();
        let other = MetricSpec::histogram(name, Buckets::light());
        assert_eq!(app.exporter.declare(&[other]), Ok(()));
        return;
    }
    assert_ne!(app.exporter.render(), "");
    for off in ["0", "false", "OFF", "no"] {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "an_environment_switch_turns_measuring_off"])
            .env(SWITCH, off)
            .stdout(std::process::Stdio::null())
            .status();
        assert!(status.unwrap().success(), "{off}");
    }
}

/// Services without a router name their requests by a list of templates.
#[tokio::test]
async fn a_plain_service_can_have_templates() {
    let exporter = Exporter::builder().build().unwrap();
    let layer = MetricsLayer::builder()
        .with_recorder(exporter.recorder())
        .with_routes(RouteResolver::templates(["/users/{id}"]).unwrap())
        .build()
        .unwrap();
    let service = layer.layer(service_fn(|_: Request<()>| async {
        Ok::<_, std::convert::Infallible>(http::Response::new(Body::empty()))
    }));
    for path in ["/users/1", "/users/2", "/scan/3"] {
        let request = Request::builder().uri(path).body(()).unwrap();
        service.clone().oneshot(request).await.unwrap();
    }
    let text = exporter.render();
    assert!(text.contains(r#"endpoint="/users/{id}",status_code="200"} 2"#), "{text}");
    assert!(text.contains(r#"endpoint="unmatched",status_code="200"} 1"#), "{text}");
}
