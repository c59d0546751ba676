//! The middleware among others: counted once, under the right endpoint and status, whatever is
//! around it or in it.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

#[path = "support/app.rs"]
mod app;
mod support;

use std::io::{self, Read as _};

use actix_web::body::{BodyStream, MessageBody};
use actix_web::dev::{Service as _, ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderValue};
use actix_web::middleware::{Compress, Condition, ErrorHandlerResponse, ErrorHandlers};
use actix_web::middleware::{Logger, Next, NormalizePath, from_fn};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::Bytes;
use actix_web::{App, Error, HttpResponse, error, http, web};
use flate2::read::GzDecoder;
use futures_util::{FutureExt as _, stream};
use tower_metrics_actix_web::Metrics;
use tower_metrics_core::Buckets;
use tower_metrics_prometheus::Exporter;

use app::call;
use support::{assert_counted, private_exporter, series};

const TEXT: &str = include_str!("composition.rs");

/// Two routes with the same text, at once and in chunks.
fn routes(config: &mut web::ServiceConfig) {
    let whole = async || TEXT;
    let chunks = async || {
        let chunks = TEXT.as_bytes().chunks(100).map(|chunk| io::Result::Ok(Bytes::from(chunk)));
        HttpResponse::Ok().body(BodyStream::new(stream::iter(chunks)))
    };
    config
        .route("/whole/{id}", web::get().to(whole))
        .route("/chunks/{id}", web::get().to(chunks))
        .route("/pending/{id}", web::get().to(std::future::pending::<String>));
}

/// Asks both routes, and checks that text and books are as they would be without anybody else.
macro_rules! assert_transparent {
    ($exporter:expr, $app:expr) => {
        let app = init_service($app.configure(routes)).await;
        for path in ["/whole/7", "/chunks/7"] {
            let response = call(&app, TestRequest::with_uri(path).to_request()).await;
            assert_eq!(response.status(), 200);
            assert_eq!(*response.body(), TEXT);
        }
        assert_counted($exporter, &["GET /chunks/{id} 200 1", "GET /whole/{id} 200 1"], &[]);
    };
}

fn sizes(exporter: &Exporter) -> Metrics {
    Metrics::builder()
        .with_recorder(exporter.recorder())
        .with_response_size(Buckets::sizes())
        .build()
        .unwrap()
}

async fn pass<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    next.call(request).await
}

async fn boxed(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, Error> {
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}

/// A compressed body decodes to what the app sent, whichever of the two is further out; its size
/// is what left the middleware.
#[actix_web::test]
async fn a_compressed_body_is_counted_once_and_decodes() {
    for inside in [true, false] {
        let exporter = private_exporter();
        let metrics = sizes(&exporter);
        let app = App::new().configure(routes);
        // `Condition` only gives both orders one type.
        let app = app
            .wrap(Condition::new(!inside, metrics.clone()))
            .wrap(Compress::default())
            .wrap(Condition::new(inside, metrics));
        let app = init_service(app).await;

        let mut compressed = Vec::new();
        for path in ["/chunks/7", "/whole/7"] {
            let request = TestRequest::with_uri(path).insert_header((ACCEPT_ENCODING, "gzip"));
            let response = call(&app, request.to_request()).await;
            assert_eq!(response.headers().get(CONTENT_ENCODING).unwrap(), "gzip");
            let mut text = String::new();
            GzDecoder::new(&response.body()[..]).read_to_string(&mut text).unwrap();
            assert_eq!(text, TEXT);
            compressed.push(response.body().len());
        }

        assert_counted(&exporter, &["GET /chunks/{id} 200 1", "GET /whole/{id} 200 1"], &[]);
        let [chunks, whole] =
            if inside { compressed[..].try_into().unwrap() } else { [TEXT.len(); 2] };
        assert_eq!(
            series(&exporter, "http_response_size_bytes_sum"),
            [format!("GET /chunks/{{id}} {chunks}"), format!("GET /whole/{{id}} {whole}")]
        );
    }
}

/// A logger wraps the body too, and does not disturb.
#[actix_web::test]
async fn a_logger_changes_nothing() {
    let exporter = private_exporter();
    assert_transparent!(
        &exporter,
        App::new().wrap(Metrics::new(&exporter)).wrap(Logger::default())
    );
    let exporter = private_exporter();
    assert_transparent!(
        &exporter,
        App::new().wrap(Logger::default()).wrap(Metrics::new(&exporter))
    );
}

/// Functions as middleware, inside and outside, that pass the body on or box it.
#[actix_web::test]
async fn middleware_functions_change_nothing() {
    let exporter = private_exporter();
    let app = App::new()
        .wrap(from_fn(pass))
        .wrap_fn(|request, service| service.call(request))
        .wrap(Metrics::new(&exporter))
        .wrap_fn(|request, service| service.call(request))
        .wrap(from_fn(pass));
    assert_transparent!(&exporter, app);

    let exporter = private_exporter();
    let app = App::new().wrap(from_fn(boxed)).wrap(Metrics::new(&exporter)).wrap(from_fn(boxed));
    assert_transparent!(&exporter, app);
}

/// The middleware can be switched on and off when the app is made.
#[actix_web::test]
async fn a_condition_switches_it() {
    let exporter = private_exporter();
    let app = App::new().wrap(Condition::new(true, Metrics::new(&exporter)));
    assert_transparent!(&exporter, app);

    let exporter = private_exporter();
    let app = App::new().configure(routes).wrap(Condition::new(false, Metrics::new(&exporter)));
    let app = init_service(app).await;
    call(&app, TestRequest::with_uri("/whole/7").to_request()).await;
    assert_counted(&exporter, &[], &[]);
    assert_eq!(call(&app, TestRequest::with_uri("/metrics").to_request()).await.status(), 404);
}

/// The path that was routed decides, not the one that was sent.
#[actix_web::test]
async fn a_normalized_path_is_counted_under_the_route_it_leads_to() {
    for inside in [true, false] {
        let exporter = private_exporter();
        let metrics = Metrics::new(&exporter);
        let app = App::new()
            .configure(routes)
            .wrap(Condition::new(!inside, metrics.clone()))
            .wrap(NormalizePath::trim())
            .wrap(Condition::new(inside, metrics));
        let app = init_service(app).await;

        for path in ["/whole/7", "/whole/8/", "//whole//9"] {
            let response = call(&app, TestRequest::with_uri(path).to_request()).await;
            assert_eq!(response.status(), 200);
        }

        assert_counted(&exporter, &["GET /whole/{id} 200 3"], &[]);
    }
}

/// A middleware inside that answers by itself has its answer counted, under the route it kept the
/// request from.
#[actix_web::test]
async fn an_answer_of_a_middleware_inside_is_counted_under_the_route() {
    let exporter = private_exporter();
    let app = App::new().configure(routes).wrap_fn(|request, _| {
        let refusal = request.into_response(HttpResponse::Forbidden().body("no"));
        std::future::ready(Ok::<_, Error>(refusal))
    });
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;

    for path in ["/whole/7", "/scan"] {
        assert_eq!(call(&app, TestRequest::with_uri(path).to_request()).await.status(), 403);
    }

    assert_counted(&exporter, &["GET /whole/{id} 403 1", "GET unmatched 403 1"], &[]);
}

/// A handler of errors inside changes what is counted; one outside comes after that.
#[actix_web::test]
async fn an_error_handler_counts_where_it_stands() {
    let teapot = || {
        ErrorHandlers::new().handler(
            http::StatusCode::NOT_FOUND,
            |mut response: ServiceResponse<_>| {
                *response.response_mut().status_mut() = http::StatusCode::IM_A_TEAPOT;
                response.headers_mut().insert(http::header::AGE, HeaderValue::from_static("0"));
                Ok(ErrorHandlerResponse::Response(response.map_into_left_body()))
            },
        )
    };
    let (inside, outside) = (private_exporter(), private_exporter());
    let app = App::new()
        .configure(routes)
        .wrap(Metrics::new(&inside))
        .wrap(teapot())
        .wrap(Metrics::new(&outside));
    let app = init_service(app).await;

    assert_eq!(call(&app, TestRequest::with_uri("/x").to_request()).await.status(), 418);

    assert_counted(&inside, &["GET unmatched 404 1"], &[]);
    assert_counted(&outside, &["GET unmatched 418 1"], &[]);
}

/// An outer timeout drops the request before its response: cancelled inside; outside, an error.
#[actix_web::test]
async fn an_outer_timeout_cancels() {
    async fn at_once<B: MessageBody>(
        request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<B>, Error> {
        next.call(request).now_or_never().unwrap_or(Err(error::ErrorGatewayTimeout("too late")))
    }

    let (inside, outside) = (private_exporter(), private_exporter());
    let app = App::new()
        .configure(routes)
        .wrap(Metrics::new(&inside))
        .wrap(from_fn(at_once))
        .wrap(Metrics::new(&outside));
    let app = init_service(app).await;

    assert_eq!(call(&app, TestRequest::with_uri("/pending/7").to_request()).await.status(), 504);

    assert_counted(&inside, &["GET /pending/{id} 499 1"], &["GET /pending/{id} cancelled 1"]);
    assert_counted(&outside, &["GET /pending/{id} 504 1"], &["GET /pending/{id} service_error 1"]);
}

/// Apps in one process have their own books, on one thread too.
#[actix_web::test]
async fn apps_with_their_own_exporters_do_not_mix() {
    let (one, two) = (private_exporter(), private_exporter());
    let first = init_service(App::new().configure(routes).wrap(Metrics::new(&one))).await;
    let second = init_service(App::new().configure(routes).wrap(Metrics::new(&two))).await;

    call(&first, TestRequest::with_uri("/whole/7").to_request()).await;
    call(&second, TestRequest::with_uri("/chunks/7").to_request()).await;
    call(&second, TestRequest::with_uri("/chunks/8").to_request()).await;

    assert_counted(&one, &["GET /whole/{id} 200 1"], &[]);
    assert_counted(&two, &["GET /chunks/{id} 200 2"], &[]);
    let scrape = call(&first, TestRequest::with_uri("/metrics").to_request()).await;
    assert_eq!(*scrape.body(), one.render());
}
