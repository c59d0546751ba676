//! Connections that stop being HTTP: the request ends with the head, the connection lives on.

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::routing::any;
use futures_util::{SinkExt as _, StreamExt as _, stream};
use http::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy, split};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::client::{raw, read_until};
use super::{Client, Protocol, Server};

async fn echo(mut socket: WebSocket) {
    socket.send("server first".into()).await.unwrap();
    while let Some(Ok(message)) = socket.recv().await {
        socket.send(message).await.unwrap();
    }
}

async fn serve() -> Server {
    let upgrade = any(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo));
    Server::axum(Router::new().route("/socket", upgrade)).await
}

/// Both directions work, and only then the socket closes.
async fn assert_talks<S>(mut socket: WebSocketStream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::from("server first"));
    for number in 0..10 {
        let message = Message::from(number.to_string());
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
    }
    socket.close(None).await.unwrap();
}

/// A socket that stays open for a day is no request that takes a day.
#[tokio::test]
async fn a_websocket_is_counted_with_its_head() {
    let server = serve().await;
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let url = format!("ws://{}/socket", server.address());
    let (socket, answer) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    assert_eq!(answer.status(), 101);

    server.assert_counts([("GET /socket 101", 1)], []).await;
    assert_talks(socket).await;
    server.assert_counts([("GET /socket 101", 1)], []).await;
}

/// RFC 8441: over HTTP/2 the upgrade is a CONNECT that names a protocol, and is answered with 200.
fn extended_connect(path: &str) -> Request<Body> {
    Request::connect(path)
        .extension(hyper::ext::Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13")
        .body(Body::empty())
        .unwrap()
}

/// Only the head differs from HTTP/1.1.
#[tokio::test]
async fn a_websocket_over_http2_is_counted_with_its_head() {
    let server = serve().await;
    let client = Client::connect(server.address(), Protocol::Http2).await;
    let answer = client.exchange(extended_connect("/socket")).await.unwrap();
    assert_eq!(answer.status(), 200);

    server.assert_counts([("CONNECT /socket 200", 1)], []).await;
    let stream = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    assert_talks(WebSocketStream::from_raw_socket(stream, Role::Client, None).await).await;
    server.assert_counts([("CONNECT /socket 200", 1)], []).await;
}

/// A handler that takes the connection over, to repeat what comes, and answers with a body that
/// nobody will ever poll.
async fn take_over(request: Request<Body>) -> Response<Body> {
    let status = if request.method() == Method::CONNECT { 200 } else { 101 };
    let connection = hyper::upgrade::on(request);
    tokio::spawn(async {
        let (mut reader, mut writer) = split(TokioIo::new(connection.await.unwrap()));
        copy(&mut reader, &mut writer).await.unwrap();
    });
    let endless = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    Response::builder().status(status).body(endless).unwrap()
}

async fn assert_repeats(mut connection: impl AsyncRead + AsyncWrite + Unpin) {
    connection.write_all(b"hello").await.unwrap();
    let mut received = [0; 5];
    connection.read_exact(&mut received).await.unwrap();
    assert_eq!(&received, b"hello");
}

/// What the handler has as a body is dropped, and that is no abort.
#[tokio::test]
async fn an_upgrade_is_counted_with_its_head_whatever_its_body() {
    for (request, counted) in [
        ("GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n", "GET unmatched 101"),
        ("CONNECT host:80 HTTP/1.1\r\n\r\n", "CONNECT unmatched 200"),
    ] {
        let server = Server::axum(Router::new().fallback(take_over)).await;
        let mut stream = raw(server.address(), request).await;
        let head = read_until(&mut stream, "\r\n\r\n").await;
        assert!(head.ends_with("\r\n\r\n"), "{head}");
        server.assert_counts([(counted, 1)], []).await;
        assert_repeats(stream).await;
    }
}

/// As above, with the one kind of upgrade that HTTP/2 has.
#[tokio::test]
async fn an_upgrade_over_http2_is_counted_with_its_head_whatever_its_body() {
    let server = Server::axum(Router::new().fallback(take_over)).await;
    let client = Client::connect(server.address(), Protocol::Http2).await;
    let answer = client.exchange(extended_connect("/")).await.unwrap();
    server.assert_counts([("CONNECT unmatched 200", 1)], []).await;
    assert_repeats(TokioIo::new(hyper::upgrade::on(answer).await.unwrap())).await;
}

/// An upgrade that the handler refuses is an answer like any other.
#[tokio::test]
async fn a_request_that_is_no_upgrade_is_counted_as_refused() {
    let server = serve().await;
    let client = Client::connect(server.address(), Protocol::Http1).await;
    assert_eq!(client.get("/socket").await.unwrap().status(), 400);
    server.assert_counts([("GET /socket 400", 1)], []).await;
}
