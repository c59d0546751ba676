//! Timeouts, outside and inside: handlers wait for ever, so that the time is always up first.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::error_handling::HandleErrorLayer;
use axum::routing::{any, get};
use futures_util::{StreamExt as _, stream};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use tower::{BoxError, ServiceBuilder, service_fn};
use tower_http::timeout::{ResponseBodyTimeoutLayer, TimeoutLayer};
use tower_metrics::MetricsLayer;

use super::client::Whole;
use super::{Client, Protocol, Server, layer, private_exporter};

const SHORT: Duration = Duration::from_millis(20);

fn app() -> Router {
    Router::new().route("/", any(pending::<()>))
}

/// A router whose body begins and never ends.
fn stalling() -> Router {
    let part = || stream::iter([Ok::<_, Infallible>(Bytes::from("part"))]);
    let body = move || Body::from_stream(part().chain(stream::pending()));
    Router::new().route("/", get(async move || body()))
}

async fn status(server: &Server, protocol: Protocol) -> StatusCode {
    let client = Client::connect(server.address(), protocol).await;
    client.get("/").await.unwrap().status()
}

/// What the client sees is made outside; the request itself was given up.
#[tokio::test]
async fn a_timeout_outside_has_cancelled() {
    for protocol in Protocol::BOTH {
        let exporter = private_exporter();
        let timeout = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, SHORT);
        let app = app().layer(layer(&exporter)).layer(timeout);
        let server = Server::measured_axum(exporter, app).await;
        assert_eq!(status(&server, protocol).await, StatusCode::REQUEST_TIMEOUT);
        server.assert_counts([("GET / 499", 1)], [("GET / cancelled", 1)]).await;
    }
}

/// The layer measures the answer that the timeout gives.
#[tokio::test]
async fn a_timeout_inside_is_a_complete_answer() {
    for protocol in Protocol::BOTH {
        for expected in [StatusCode::REQUEST_TIMEOUT, StatusCode::SERVICE_UNAVAILABLE] {
            let timeout = TimeoutLayer::with_status_code(expected, SHORT);
            let server = Server::axum(app().layer(timeout)).await;
            assert_eq!(status(&server, protocol).await, expected);
            let counted = format!("GET / {}", expected.as_u16());
            server.assert_counts([(&counted, 1)], []).await;
        }
    }
}

/// The usual way to put tower's timeout into axum: the error becomes an answer inside.
#[tokio::test]
async fn an_error_that_is_handled_inside_is_a_complete_answer() {
    for protocol in Protocol::BOTH {
        let handled = async |error: BoxError| {
            assert!(error.is::<tower::timeout::error::Elapsed>());
            StatusCode::GATEWAY_TIMEOUT
        };
        let timeout = ServiceBuilder::new().layer(HandleErrorLayer::new(handled)).timeout(SHORT);
        let server = Server::axum(app().layer(timeout)).await;
        assert_eq!(status(&server, protocol).await, StatusCode::GATEWAY_TIMEOUT);
        server.assert_counts([("GET / 504", 1)], []).await;
    }
}

/// No axum: the error reaches hyper, which has no answer to give.
#[tokio::test]
async fn an_error_of_the_service_is_counted_as_500() {
    for protocol in Protocol::BOTH {
        let exporter = private_exporter();
        let metrics = MetricsLayer::builder().with_recorder(exporter.recorder()).build().unwrap();
        let waiting = service_fn(async |_: Request<Incoming>| {
            pending::<Result<Response<Body>, Infallible>>().await
        });
        let service = ServiceBuilder::new().layer(metrics).timeout(SHORT).service(waiting);
        let server = Server::hyper(exporter, service).await;
        let client = Client::connect(server.address(), protocol).await;
        assert!(client.get("/").await.is_err());
        server
            .assert_counts([("GET unmatched 500", 1)], [("GET unmatched service_error", 1)])
            .await;
    }
}

/// A body that fails in the middle of a good answer.
#[tokio::test]
async fn a_timeout_of_the_body_inside_is_a_body_error() {
    for protocol in Protocol::BOTH {
        let server = Server::axum(stalling().layer(ResponseBodyTimeoutLayer::new(SHORT))).await;
        let client = Client::connect(server.address(), protocol).await;
        assert!(Whole::read(client.get("/").await).await.is_err());
        server.assert_counts([("GET / 200", 1)], [("GET / body_error", 1)]).await;
    }
}

/// Outside, the same timeout drops a body that has not failed.
#[tokio::test]
async fn a_timeout_of_the_body_outside_has_dropped_it() {
    for protocol in Protocol::BOTH {
        let exporter = private_exporter();
        let app = stalling().layer(layer(&exporter)).layer(ResponseBodyTimeoutLayer::new(SHORT));
        let server = Server::measured_axum(exporter, app).await;
        let client = Client::connect(server.address(), protocol).await;
        assert!(Whole::read(client.get("/").await).await.is_err());
        server.assert_counts([("GET / 200", 1)], [("GET / body_dropped", 1)]).await;
    }
}
