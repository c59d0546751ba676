//! What the app says about single requests: which are left out, how they are named and labelled.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

#[path = "support/app.rs"]
mod app;
mod support;

use std::borrow::Cow;
use std::future::pending;

use actix_web::dev::{Service as _, ServiceRequest};
use actix_web::http::Method;
use actix_web::middleware::NormalizePath;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, HttpMessage as _, HttpRequest, HttpResponse, web};
use tower_metrics_actix_web::Metrics;
use tower_metrics_core::middleware::Unmeasured;
use tower_metrics_core::{Builder, Route};
use tower_metrics_prometheus::Exporter;

use app::call;
use support::{assert_counted, private_exporter, series};

fn builder(exporter: &Exporter) -> Builder<Metrics> {
    Metrics::builder().with_recorder(exporter.recorder())
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/health", web::get().to(async || "well"))
        .route("/users/{id}", web::get().to(async || "a user"))
        .route("/waits/{id}", web::get().to(pending::<String>))
        .service(web::scope("/admin").route("/health/{what}", web::get().to(async || "well")));
}

/// A route is left out by its pattern, also where it is reached by another spelling, and leaves
/// nothing behind.
#[actix_web::test]
async fn an_excluded_endpoint_leaves_no_trace() {
    let exporter = private_exporter();
    let metrics = builder(&exporter)
        .without_endpoint("/health")
        .without_endpoint("/admin/health/{what}")
        .build()
        .unwrap();
    let app = init_service(App::new().configure(routes).wrap(metrics)).await;

    for path in ["/health", "/health?deep", "/h%65alth", "/admin/health/disk"] {
        assert_eq!(call(&app, TestRequest::with_uri(path).to_request()).await.status(), 200);
    }
    let head = TestRequest::with_uri("/health").method(Method::HEAD).to_request();
    call(&app, head).await;
    assert_counted(&exporter, &[], &[]);
    assert_eq!(series(&exporter, "http_requests_in_flight"), [""; 0]);

    call(&app, TestRequest::with_uri("/users/7").to_request()).await;
    assert_counted(&exporter, &["GET /users/{id} 200 1"], &[]);
}

/// Requests are left out by their path, or by a function that sees their head.
#[actix_web::test]
async fn requests_are_left_out_by_path_and_by_function() {
    let exporter = private_exporter();
    let metrics = builder(&exporter)
        .without_path_prefix("/admin")
        .without_requests(|request: &ServiceRequest| request.headers().contains_key("probe"))
        .build()
        .unwrap();
    let app = init_service(App::new().configure(routes).wrap(metrics)).await;

    for request in [
        TestRequest::with_uri("/admin/health/disk"),
        TestRequest::with_uri("/admin"),
        TestRequest::with_uri("/users/7").insert_header(("probe", "yes")),
        TestRequest::with_uri("/users/7"),
        TestRequest::with_uri("/administrator"),
    ] {
        call(&app, request.to_request()).await;
    }

    assert_counted(&exporter, &["GET /users/{id} 200 1", "GET unmatched 404 1"], &[]);
}

/// A middleware outside takes a request out before it is seen, a handler when it answers.
#[actix_web::test]
async fn a_request_can_be_marked_as_unmeasured() {
    let exporter = private_exporter();
    let marks = async |request: HttpRequest| {
        request.extensions_mut().insert(Unmeasured::new());
        "not to be measured"
    };
    let marks_its_answer = async || {
        let mut response = HttpResponse::Ok().finish();
        response.extensions_mut().insert(Unmeasured::new());
        response
    };
    let app = App::new()
        .configure(routes)
        .route("/marks", web::get().to(marks))
        .route("/marks_its_answer", web::get().to(marks_its_answer))
        .wrap(builder(&exporter).build().unwrap())
        .wrap_fn(|request, service| {
            if ["/users/7", "/waits/7"].contains(&request.path()) {
                request.extensions_mut().insert(Unmeasured::new());
            }
            service.call(request)
        });
    let app = init_service(app).await;

    for path in ["/marks", "/marks_its_answer", "/users/7"] {
        assert_eq!(call(&app, TestRequest::with_uri(path).to_request()).await.status(), 200);
    }
    drop(app.call(TestRequest::with_uri("/waits/7").to_request()));
    assert_counted(&exporter, &[], &[]);
    assert_eq!(series(&exporter, "http_requests_in_flight"), ["GET 0"]);

    call(&app, TestRequest::with_uri("/health").to_request()).await;
    assert_counted(&exporter, &["GET /health 200 1"], &[]);
}

/// A route is the one that the response names, else the router's, else the one that the app named.
#[actix_web::test]
async fn the_response_names_before_the_router_and_the_router_before_the_request() {
    let exporter = private_exporter();
    let itself = async || {
        let mut response = HttpResponse::Accepted().finish();
        response.extensions_mut().insert(Route::from("/itself/{*path}"));
        response
    };
    let app = App::new()
        .configure(routes)
        .route("/itself/{id}", web::get().to(itself))
        .wrap(builder(&exporter).build().unwrap())
        .wrap_fn(|request, service| {
            request.extensions_mut().insert(Route::from("/named"));
            service.call(request)
        });
    let app = init_service(app).await;

    for path in ["/itself/7", "/users/7", "/any/path"] {
        call(&app, TestRequest::with_uri(path).to_request()).await;
    }
    drop(app.call(TestRequest::with_uri("/waits/7").to_request()));
    drop(app.call(TestRequest::with_uri("/any/path").to_request()));

    assert_counted(
        &exporter,
        &[
            "GET /itself/{*path} 202 1",
            "GET /named 404 1",
            "GET /named 499 1",
            "GET /users/{id} 200 1",
            "GET /waits/{id} 499 1",
        ],
        &["GET /named cancelled 1", "GET /waits/{id} cancelled 1"],
    );
}

/// Whoever answers where no router does names the request, in either half of the answer.
#[actix_web::test]
async fn a_default_service_can_name_its_requests() {
    let exporter = private_exporter();
    let files = async |request: HttpRequest| {
        let mut response = HttpResponse::Ok().finish();
        if request.path().starts_with("/request") {
            request.extensions_mut().insert(Route::from("/request/{*path}"));
        } else {
            response.extensions_mut().insert(Route::from("/response/{*path}"));
        }
        response
    };
    let app = App::new().default_service(web::to(files)).wrap(Metrics::new(&exporter));
    let app = init_service(app).await;

    for path in ["/request/a.css", "/response/a.css"] {
        call(&app, TestRequest::with_uri(path).to_request()).await;
    }

    assert_counted(&exporter, &["GET /request/{*path} 200 1", "GET /response/{*path} 200 1"], &[]);
}

/// A route that the app named is left out by that name, and only where no router knows better.
#[actix_web::test]
async fn a_named_route_can_be_left_out() {
    let exporter = private_exporter();
    let metrics = builder(&exporter).without_endpoint("/named").build().unwrap();
    let app = App::new().configure(routes).wrap(metrics).wrap_fn(|request, service| {
        request.extensions_mut().insert(Route::from("/named"));
        service.call(request)
    });
    let app = init_service(app).await;

    for path in ["/any/path", "/users/7"] {
        call(&app, TestRequest::with_uri(path).to_request()).await;
    }

    assert_counted(&exporter, &["GET /users/{id} 200 1"], &[]);
}

/// Labels come from both heads; what a client makes up beyond the limit is `other`, and a request
/// without a response has the labels of its request.
#[actix_web::test]
async fn labels_come_from_both_heads() {
    let exporter = private_exporter();
    let metrics = builder(&exporter)
        .with_label_from_header("tenant", "x-tenant")
        .with_label_from_request("query", |request: &ServiceRequest| {
            Some(Cow::Owned(request.query_string().len().to_string()))
        })
        .with_label_from_response("cache", |head| {
            head.headers().get("x-cache")?.to_str().ok().map(Cow::Borrowed)
        })
        .with_label_limit("tenant", 1)
        .build()
        .unwrap();
    let cached = async || HttpResponse::Ok().insert_header(("x-cache", "hit")).body("cached");
    let app = App::new().configure(routes).route("/cached", web::get().to(cached));
    let app = init_service(app.wrap(metrics).wrap(NormalizePath::trim())).await;

    let ask = |path: &str, tenant: &str| {
        TestRequest::with_uri(path).insert_header(("x-tenant", tenant)).to_request()
    };
    call(&app, ask("/cached?abc", "one")).await;
    call(&app, ask("/cached", "two")).await;
    call(&app, ask("/cached", "three")).await;
    drop(app.call(ask("/waits/7", "one")));

    assert_eq!(
        series(&exporter, "http_requests_total"),
        [
            "GET /cached 200 one 3 hit 1",
            "GET /cached 200 other 0 hit 2",
            "GET /waits/{id} 499 one 0  1",
        ]
    );
    assert_eq!(series(&exporter, "tower_metrics_label_overflow_total"), ["tenant 2"]);
}

/// What is disabled passes requests through, but for scrapes if it was told to answer them.
#[actix_web::test]
async fn disabled_metrics_measure_nothing() {
    let exporter = private_exporter();
    let app = App::new().configure(routes).wrap(Metrics::disabled());
    let app = init_service(app).await;
    assert_eq!(call(&app, TestRequest::with_uri("/users/7").to_request()).await.status(), 200);
    assert_eq!(call(&app, TestRequest::with_uri("/metrics").to_request()).await.status(), 404);

    let serving = Metrics::disabled().with_metrics_path("/metrics", &exporter);
    let app = init_service(App::new().configure(routes).wrap(serving)).await;
    assert_eq!(call(&app, TestRequest::with_uri("/users/7").to_request()).await.status(), 200);
    assert_eq!(call(&app, TestRequest::with_uri("/metrics").to_request()).await.status(), 200);

    assert_eq!(exporter.render(), "");
}
