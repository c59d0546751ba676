//! Handlers and bodies that panic.
//!
//! They resume a panic rather than start one: nothing is printed, and nothing else differs.

use std::convert::Infallible;
use std::panic::resume_unwind;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{any, get};
use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;

use super::client::Whole;
use super::{Client, Protocol, Server, layer, private_exporter};

async fn panicking() {
    tokio::task::yield_now().await;
    resume_unwind(Box::new("the handler's"));
}

/// A router with a handler that panics and one that does not.
fn app() -> Router {
    Router::new().route("/", any(panicking)).route("/alive", get(async || "alive"))
}

/// Sends a request over a new connection.
async fn is_alive(server: &Server) {
    let client = Client::connect(server.address(), Protocol::Http1).await;
    assert_eq!(Whole::read(client.get("/alive").await).await.unwrap().body, "alive");
}

/// The client has no answer, and the server goes on without that connection.
#[tokio::test]
async fn a_handler_that_panics_is_counted_as_500() {
    let server = Server::axum(app()).await;
    let client = Client::connect(server.address(), Protocol::Http1).await;
    assert!(client.get("/").await.unwrap_err().is_incomplete_message());
    assert!(client.get("/alive").await.is_err());

    is_alive(&server).await;
    let requests = [("GET / 500", 1), ("GET /alive 200", 1)];
    server.assert_counts(requests, [("GET / panic", 1)]).await;
}

/// Only its stream ends; others of the same connection go on.
#[tokio::test]
async fn a_handler_that_panics_over_http2_is_counted_as_500() {
    let server = Server::axum(app()).await;
    let client = Client::connect(server.address(), Protocol::Http2).await;
    assert!(client.get("/").await.is_err());
    assert_eq!(client.get("/alive").await.unwrap().status(), 200);

    let requests = [("GET / 500", 1), ("GET /alive 200", 1)];
    server.assert_counts(requests, [("GET / panic", 1)]).await;
}

/// The head is out with a status that stays.
#[tokio::test]
async fn a_body_that_panics_keeps_the_status_of_its_head() {
    for protocol in Protocol::BOTH {
        let panicking = get(async || {
            let part = stream::iter([Ok::<_, Infallible>(Bytes::from("part"))]);
            let rest = stream::once(async { resume_unwind(Box::new("the body's")) });
            Body::from_stream(part.chain(rest))
        });
        let app = app().route("/body", panicking);
        let server = Server::axum(app).await;
        let client = Client::connect(server.address(), protocol).await;
        // Over HTTP/1.1 the panic may come before the head was flushed.
        let answer = client.get("/body").await;
        assert!(Whole::read(answer).await.is_err());

        is_alive(&server).await;
        let requests = [("GET /alive 200", 1), ("GET /body 200", 1)];
        server.assert_counts(requests, [("GET /body panic", 1)]).await;
    }
}

/// A layer further out turns the panic into an answer, when the request has ended already.
#[tokio::test]
async fn a_panic_that_is_caught_outside_is_counted_once() {
    for protocol in Protocol::BOTH {
        let exporter = private_exporter();
        let app = app().layer(layer(&exporter)).layer(CatchPanicLayer::new());
        let server = Server::measured_axum(exporter, app).await;
        let client = Client::connect(server.address(), protocol).await;
        assert_eq!(client.get("/").await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
        server.assert_counts([("GET / 500", 1)], [("GET / panic", 1)]).await;
    }
}

/// A layer further in makes it an answer like any other.
#[tokio::test]
async fn a_panic_that_is_caught_inside_is_a_complete_answer() {
    for protocol in Protocol::BOTH {
        let server = Server::axum(app().layer(CatchPanicLayer::new())).await;
        let client = Client::connect(server.address(), protocol).await;
        assert_eq!(client.get("/").await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
        server.assert_counts([("GET / 500", 1)], []).await;
    }
}
