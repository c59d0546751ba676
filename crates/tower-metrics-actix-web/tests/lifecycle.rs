//! When a request ends before its body, and how it is counted.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

#[path = "support/app.rs"]
mod app;
mod support;

use std::fmt;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use actix_web::dev::{Service as _, ServiceRequest, ServiceResponse, fn_service};
use actix_web::error::{self, InternalError};
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, HttpResponse, ResponseError, web};
use futures_util::FutureExt as _;
use tokio_test::{assert_pending, task};
use tower_metrics_actix_web::Metrics;

use app::call;
use support::{assert_counted, private_exporter, series};

/// An application's error, which knows its status.
#[derive(Debug)]
struct Failed(u16);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed with {}", self.0)
    }
}

impl ResponseError for Failed {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0).unwrap()
    }
}

fn get(path: &str) -> TestRequest {
    TestRequest::with_uri(path)
}

/// A handler's answer counts under its status, whatever that is.
#[actix_web::test]
async fn a_response_is_counted_under_its_status() {
    let exporter = private_exporter();
    let answer = |status: web::Path<u16>| async move {
        HttpResponse::new(StatusCode::from_u16(*status).unwrap())
    };
    let app = App::new().route("/{status}", web::get().to(answer));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    for status in ["/200", "/302", "/404", "/500", "/503", "/799"] {
        call(&app, get(status).to_request()).await;
    }

    assert_counted(
        &exporter,
        &[
            "GET /{status} 200 1",
            "GET /{status} 302 1",
            "GET /{status} 404 1",
            "GET /{status} 500 1",
            "GET /{status} 503 1",
            "GET /{status} 799 1",
        ],
        &[],
    );
}

/// actix-web makes a response of a handler's `Err`, and of an extractor's, before anybody else
/// sees it: an answer like any other.
#[actix_web::test]
async fn an_err_of_a_handler_is_an_answer() {
    let exporter = private_exporter();
    let fail = |status: web::Path<u16>| async move { Err::<&str, _>(Failed(*status)) };
    let app = App::new().route("/{status}", web::get().to(fail));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    for (path, status) in [("/404", 404), ("/500", 500), ("/no-number", 404)] {
        assert_eq!(call(&app, get(path).to_request()).await.status(), status);
    }

    assert_counted(&exporter, &["GET /{status} 404 2", "GET /{status} 500 1"], &[]);
}

/// A middleware's `Err` goes through us as an `Err`: it counts under the status of the response
/// that becomes of it, and as a failure of the service only where that says so.
#[actix_web::test]
async fn an_err_of_a_middleware_counts_under_the_status_it_maps_to() {
    async fn refuse(
        request: ServiceRequest,
        _: Next<impl actix_web::body::MessageBody>,
    ) -> Result<ServiceResponse, Error> {
        Err(match request.path() {
            "/401/1" => error::ErrorUnauthorized("who are you?"),
            "/404/1" => Failed(404).into(),
            "/409/1" => InternalError::from_response("", HttpResponse::Conflict().finish()).into(),
            "/500/1" => error::ErrorInternalServerError("broken"),
            _ => Failed(503).into(),
        })
    }

    let exporter = private_exporter();
    let app = App::new().route("/{status}/{id}", web::get().to(async || ""));
    let app = app.wrap(from_fn(refuse)).wrap(Metrics::new(&exporter));
    let app = init_service(app).await;

    for status in [401, 404, 409, 500, 503] {
        let response = call(&app, get(&format!("/{status}/1")).to_request()).await;
        assert_eq!(response.status(), status);
    }
    call(&app, get("/scan").to_request()).await;

    assert_counted(
        &exporter,
        &[
            "GET /{status}/{id} 401 1",
            "GET /{status}/{id} 404 1",
            "GET /{status}/{id} 409 1",
            "GET /{status}/{id} 500 1",
            "GET /{status}/{id} 503 1",
            "GET unmatched 503 1",
        ],
        &["GET /{status}/{id} service_error 2", "GET unmatched service_error 1"],
    );
}

/// A panic counts as 500 under the pattern of its route, though no response says which that is;
/// it goes on to whoever catches it.
#[actix_web::test]
async fn a_panic_is_counted_under_its_route() {
    let exporter = private_exporter();
    let app = App::new()
        .route(
            "/polled/{id}",
            web::get().to(async || -> &'static str { resume_unwind(Box::new("polled")) }),
        )
        .service(web::service("/called/{id}").finish(fn_service(
            |_: ServiceRequest| -> std::future::Ready<Result<ServiceResponse, Error>> {
                resume_unwind(Box::new("called"))
            },
        )));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    let polled = AssertUnwindSafe(app.call(get("/polled/1").to_request())).catch_unwind().await;
    assert_eq!(polled.err().unwrap().downcast_ref(), Some(&"polled"));
    let request = get("/called/1").to_request();
    let called = catch_unwind(AssertUnwindSafe(|| app.call(request).now_or_never()));
    assert_eq!(called.err().unwrap().downcast_ref(), Some(&"called"));

    assert_counted(
        &exporter,
        &["GET /called/{id} 500 1", "GET /polled/{id} 500 1"],
        &["GET /called/{id} panic 1", "GET /polled/{id} panic 1"],
    );
}

/// A panic is counted when it happens, though whoever catches it keeps the future for longer.
#[actix_web::test]
async fn a_caught_panic_is_not_counted_again_when_its_future_is_dropped() {
    let exporter = private_exporter();
    let panics = async || -> &'static str { resume_unwind(Box::new("caught")) };
    let app = App::new().route("/", web::get().to(panics));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    let mut request = task::spawn(app.call(get("/").to_request()));
    assert!(catch_unwind(AssertUnwindSafe(|| request.poll().is_ready())).is_err());
    assert_counted(&exporter, &["GET / 500 1"], &["GET / panic 1"]);
    drop(request);

    assert_counted(&exporter, &["GET / 500 1"], &["GET / panic 1"]);
}

/// Whoever goes away before the response leaves a 499 under the pattern of the route, which is
/// looked up: in scopes too, and also where the request was never polled.
#[actix_web::test]
async fn a_request_dropped_before_its_response_is_cancelled() {
    let exporter = private_exporter();
    let app = App::new()
        .route("/users/{id}", web::get().to(pending::<String>))
        .service(web::scope("/api/{v}").route(r"/{n:\d+}", web::get().to(pending::<String>)))
        .default_service(web::to(pending::<String>));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    for path in ["/users/7", "/api/v1/8", "/api/v1/x", "/scan"] {
        let mut request = task::spawn(app.call(get(path).to_request()));
        assert_pending!(request.poll());
        assert_eq!(series(&exporter, "http_requests_in_flight"), ["GET 1"]);
    }
    drop(app.call(get("/users/8").to_request()));

    assert_counted(
        &exporter,
        &[r"GET /api/{v}/{n:\\d+} 499 1", "GET /users/{id} 499 2", "GET unmatched 499 2"],
        &[
            r"GET /api/{v}/{n:\\d+} cancelled 1",
            "GET /users/{id} cancelled 2",
            "GET unmatched cancelled 2",
        ],
    );
}

/// A route is looked up by the path as actix-web decodes it before it routes.
#[actix_web::test]
async fn a_percent_encoded_path_is_looked_up_decoded() {
    let exporter = private_exporter();
    let app = App::new().route(r"/users/{id:\d+}", web::get().to(pending::<String>));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    for path in ["/us%65rs/7", "/users/%37"] {
        assert_pending!(task::spawn(app.call(get(path).to_request())).poll());
    }

    assert_counted(
        &exporter,
        &[r"GET /users/{id:\\d+} 499 2"],
        &[r"GET /users/{id:\\d+} cancelled 2"],
    );
}

/// Neither the future nor what is looked up keeps the app: a request may outlive it.
#[actix_web::test]
async fn a_request_that_outlives_its_app_keeps_its_route() {
    let exporter = private_exporter();
    let app = App::new()
        .service(web::scope("/api").route("/{id}", web::get().to(pending::<String>)))
        .wrap(Metrics::new(&exporter));
    let app = init_service(app).await;

    let mut request = task::spawn(app.call(get("/api/7").to_request()));
    assert_pending!(request.poll());
    drop(app);
    assert_eq!(series(&exporter, "http_requests_in_flight"), ["GET 1"]);
    drop(request);

    assert_counted(&exporter, &["GET /api/{id} 499 1"], &["GET /api/{id} cancelled 1"]);
}
