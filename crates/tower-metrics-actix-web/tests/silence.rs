//! The middleware writes no log line, whatever it is asked. A binary of its own: there is one
//! logger in a process.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

#[path = "support/app.rs"]
mod app;
mod support;

use std::sync::Mutex;

use actix_web::dev::Service as _;
use actix_web::http::Method;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, web};
use log::{LevelFilter, Log, Metadata, Record};
use tower_metrics_actix_web::Metrics;

use app::call;
use support::{assert_counted, private_exporter};

/// Keeps what is logged.
struct Kept(Mutex<Vec<String>>);

static LOGGER: Kept = Kept(Mutex::new(Vec::new()));

impl Log for Kept {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.0.lock().unwrap().push(format!("{} {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

/// Patterns with an expression, unmatched paths, odd methods, scrapes: nothing of it is logged,
/// by us or by what we ask of actix-web.
#[actix_web::test]
async fn no_request_is_logged() {
    log::set_logger(&LOGGER).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let exporter = private_exporter();
    let app = App::new()
        .route(r"/orders/{id:\d+}", web::get().to(async || "an order"))
        .route("/files/{path:.*}", web::get().to(async || "a file"));
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;
    log::trace!("that the logger hears");
    assert_eq!(LOGGER.0.lock().unwrap().drain(..).len(), 1);

    for path in ["/orders/7", "/orders/x", "/files/a/b", "/nothing", "/%2e%2e", "/metrics"] {
        for method in ["GET", "BREW"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            call(&app, TestRequest::with_uri(path).method(method).to_request()).await;
        }
    }
    // The route of a request that ends before its response is found in another way.
    drop(app.call(TestRequest::with_uri("/orders/8").to_request()));

    assert_eq!(*LOGGER.0.lock().unwrap(), [""; 0]);
    assert_counted(
        &exporter,
        &[
            "GET /files/{path:.*} 200 1",
            r"GET /orders/{id:\\d+} 200 1",
            r"GET /orders/{id:\\d+} 499 1",
            "GET unmatched 404 3",
            "_OTHER /files/{path:.*} 404 1",
            r"_OTHER /orders/{id:\\d+} 404 1",
            "_OTHER unmatched 404 3",
        ],
        &[r"GET /orders/{id:\\d+} cancelled 1"],
    );
}
