//! Clients that leave: the server cannot say so to anybody, but it is counted.

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{MethodRouter, get, post};
use futures_util::{StreamExt as _, future, stream};
use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::client::{raw, read_until};
use super::{Client, Gate, Protocol, Server, layer, private_exporter, scripted};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// How a client leaves over HTTP/1.1.
#[derive(Clone, Copy, Debug)]
enum Http1 {
    /// It closes its side of the connection: FIN.
    Close,
    /// Its system answers that there is nobody: RST.
    Reset,
}

/// How a client leaves over HTTP/2.
#[derive(Clone, Copy, Debug)]
enum Http2 {
    /// It gives up the request, and keeps the connection: `RST_STREAM`.
    ResetStream,
    /// It closes the connection.
    Close,
}

impl Http1 {
    /// Returns what must not be dropped yet.
    async fn leave(self, mut stream: TcpStream) -> Option<TcpStream> {
        match self {
            // Dropping the socket would reset the connection if anything in it was not read yet.
            Self::Close => stream.shutdown().await.unwrap(),
            Self::Reset => stream.set_zero_linger().unwrap(),
        }
        matches!(self, Self::Close).then_some(stream)
    }
}

impl Http2 {
    /// Leaves the request that was dropped just before.
    async fn leave(self, client: Client) {
        if matches!(self, Self::ResetStream) {
            assert_eq!(client.get("/unmeasured").await.unwrap().status(), 200);
        }
    }

    async fn serve(route: MethodRouter) -> Server {
        let exporter = private_exporter();
        let app = Router::new().route("/", route).layer(layer(&exporter));
        let app = app.route("/unmeasured", get(async || {}));
        Server::measured_axum(exporter, app).await
    }
}

async fn assert_cancelled_over_http1(departure: Http1) {
    let gate = Gate::closed();
    let server = Server::axum(Router::new().route("/", gate.route())).await;
    let stream = raw(server.address(), GET).await;
    gate.arrival().await;
    let _open = departure.leave(stream).await;
    server.assert_counts([("GET / 499", 1)], [("GET / cancelled", 1)]).await;
}

async fn assert_body_dropped_over_http1(departure: Http1) {
    let (mut sender, route) = scripted();
    let server = Server::axum(Router::new().route("/", route)).await;
    let mut stream = raw(server.address(), GET).await;
    sender.send_data("part".into()).await.unwrap();
    assert!(read_until(&mut stream, "part").await.starts_with("HTTP/1.1 200 OK"));
    let _open = departure.leave(stream).await;
    server.assert_counts([("GET / 200", 1)], [("GET / body_dropped", 1)]).await;
}

async fn assert_cancelled_over_http2(departure: Http2) {
    let gate = Gate::closed();
    let server = Http2::serve(gate.route()).await;
    let client = Client::connect(server.address(), Protocol::Http2).await;
    tokio::select! {
        answer = client.get("/") => unreachable!("{answer:?}"),
        () = gate.arrival() => {}
    }
    departure.leave(client).await;
    server.assert_counts([("GET / 499", 1)], [("GET / cancelled", 1)]).await;
}

async fn assert_body_dropped_over_http2(departure: Http2) {
    let (mut sender, route) = scripted();
    let server = Http2::serve(route).await;
    let client = Client::connect(server.address(), Protocol::Http2).await;
    let mut body = client.get("/").await.unwrap().into_body();
    sender.send_data("part".into()).await.unwrap();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "part");
    drop(body);
    departure.leave(client).await;
    server.assert_counts([("GET / 200", 1)], [("GET / body_dropped", 1)]).await;
}

/// The usual way to stop waiting.
#[tokio::test]
async fn an_http1_client_that_closes_before_the_head_has_cancelled() {
    assert_cancelled_over_http1(Http1::Close).await;
}

/// A client that was killed, or that closed its socket in a hurry.
#[tokio::test]
async fn an_http1_client_that_resets_before_the_head_has_cancelled() {
    assert_cancelled_over_http1(Http1::Reset).await;
}

/// The answer has begun with a status that stays.
#[tokio::test]
async fn an_http1_client_that_closes_in_the_body_has_dropped_it() {
    assert_body_dropped_over_http1(Http1::Close).await;
}

/// As above, without good-bye.
#[tokio::test]
async fn an_http1_client_that_resets_in_the_body_has_dropped_it() {
    assert_body_dropped_over_http1(Http1::Reset).await;
}

/// One request is given up, and the next one goes over the same connection.
#[tokio::test]
async fn an_http2_client_that_resets_the_stream_before_the_head_has_cancelled() {
    assert_cancelled_over_http2(Http2::ResetStream).await;
}

/// All that was under way goes with the connection.
#[tokio::test]
async fn an_http2_client_that_closes_before_the_head_has_cancelled() {
    assert_cancelled_over_http2(Http2::Close).await;
}

/// As above, when the answer has begun.
#[tokio::test]
async fn an_http2_client_that_resets_the_stream_in_the_body_has_dropped_it() {
    assert_body_dropped_over_http2(Http2::ResetStream).await;
}

/// As above, with the connection.
#[tokio::test]
async fn an_http2_client_that_closes_in_the_body_has_dropped_it() {
    assert_body_dropped_over_http2(Http2::Close).await;
}

/// Nothing wakes the body, for the server waits until the client reads on.
#[tokio::test]
async fn a_client_that_leaves_without_reading_has_dropped_the_body() {
    for protocol in Protocol::BOTH {
        let endless = get(async || {
            let chunk = Bytes::from(vec![b'x'; 1 << 16]);
            Body::from_stream(stream::repeat(Ok::<_, Infallible>(chunk)))
        });
        let server = Server::axum(Router::new().route("/", endless)).await;
        let client = Client::connect(server.address(), protocol).await;
        let answer = client.get("/").await.unwrap();
        drop((answer, client));
        server.assert_counts([("GET / 200", 1)], [("GET / body_dropped", 1)]).await;
    }
}

/// What the server has taken over whole is complete, though the client never reads it.
#[tokio::test]
async fn a_client_that_leaves_a_small_answer_unread_does_not_abort_it() {
    let server = Server::axum(Router::new().route("/", get(async || "whole"))).await;
    let stream = raw(server.address(), GET).await;
    server.assert_counts([("GET / 200", 1)], []).await;
    Http1::Reset.leave(stream).await;
    server.assert_counts([("GET / 200", 1)], []).await;
}

/// Requests that share a connection end with it, each as far as it got.
#[tokio::test]
async fn a_lost_http2_connection_ends_all_its_requests() {
    let gate = Gate::closed();
    let (mut sender, route) = scripted();
    let app = Router::new().route("/wait", gate.route()).route("/stream", route);
    let server = Server::axum(app).await;
    let client = Client::connect(server.address(), Protocol::Http2).await;
    let mut body = client.get("/stream").await.unwrap().into_body();
    sender.send_data("part".into()).await.unwrap();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "part");

    let arrivals = async {
        for _ in 0..10 {
            gate.arrival().await;
        }
    };
    tokio::select! {
        answers = future::join_all((0..10).map(|_| client.get("/wait"))) => unreachable!("{answers:?}"),
        () = arrivals => {}
    }
    drop(client);
    let requests = [("GET /stream 200", 1), ("GET /wait 499", 10)];
    let aborted = [("GET /stream body_dropped", 1), ("GET /wait cancelled", 10)];
    server.assert_counts(requests, aborted).await;
}

/// The handler learns of it first, and its answer counts, though it reaches nobody.
#[tokio::test]
async fn a_client_that_leaves_in_its_upload_is_counted_as_answered() {
    for protocol in Protocol::BOTH {
        let gate = Gate::closed();
        let arrival = gate.clone();
        let upload = post(async move |mut body: Body| {
            body.frame().await.unwrap().unwrap();
            arrival.pass().await;
            body.collect().await.map_err(|_| StatusCode::BAD_REQUEST).map(|_| ())
        });
        let server = Server::axum(Router::new().route("/", upload)).await;
        let client = Client::connect(server.address(), protocol).await;
        let part = stream::iter([Ok::<_, Infallible>(Bytes::from("part"))]);
        let unfinished = Body::from_stream(part.chain(stream::pending()));
        tokio::select! {
            answer = client.send("POST", "/", unfinished) => unreachable!("{answer:?}"),
            () = gate.arrival() => gate.open(),
        }
        drop(client);
        server.assert_counts([("POST / 400", 1)], []).await;
    }
}
