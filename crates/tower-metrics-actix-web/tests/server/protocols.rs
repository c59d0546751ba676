//! Web sockets and HTTP/2.

use actix_web::{HttpRequest, HttpResponse, web};
use actix_ws::Message;
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2::{self, SendRequest};
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite;

use crate::client::{Server, assert_counted_soon, serve, wait_for};
use crate::routes::{gate, routes};
use crate::support::{private_exporter, series};

/// Sends back what it gets over a WebSocket.
pub(crate) async fn echo(
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let (response, mut session, mut messages) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(async move {
        while let Some(Ok(message)) = messages.next().await {
            if let Message::Text(text) = message {
                session.text(text).await.unwrap();
            }
        }
    });
    Ok(response)
}

/// A WebSocket is counted when it is opened, and no request in flight while it is: how long it
/// stays open is no latency.
#[actix_web::test]
async fn a_web_socket_is_counted_when_it_opens() {
    let exporter = private_exporter();
    let server = serve(1, &exporter, routes(&gate()));

    let url = format!("ws://{}/socket/7", server.address);
    let (mut socket, response) = tokio_tungstenite::connect_async(url).await.unwrap();
    assert_eq!(response.status(), 101);
    assert_counted_soon(&exporter, &["GET /socket/{id} 101 1"], &[]).await;
    for text in ["first", "second"] {
        socket.send(tungstenite::Message::text(text)).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap().into_text().unwrap(), text);
    }
    drop(socket);

    server.stop(true).await;
    assert_counted_soon(&exporter, &["GET /socket/{id} 101 1"], &[]).await;
}

/// A request for a WebSocket that is none is refused by the handler, and counted so.
#[actix_web::test]
async fn a_refused_web_socket_is_counted_under_its_status() {
    let exporter = private_exporter();
    let server = serve(1, &exporter, routes(&gate()));
    let mut client = crate::client::Client::connect(&server).await;

    client.send("GET /socket/7").await;
    client.read_until("HTTP/1.1 400 ").await;

    assert_counted_soon(&exporter, &["GET /socket/{id} 400 1"], &[]).await;
    server.stop(true).await;
}

async fn http2(server: &Server) -> SendRequest<Empty<web::Bytes>> {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn send(
    sender: &SendRequest<Empty<web::Bytes>>,
    method: &str,
    path: &str,
) -> Response<Incoming> {
    let request = Request::builder().method(method).uri(format!("http://test{path}"));
    let request = request.body(Empty::new()).unwrap();
    sender.clone().send_request(request).await.unwrap()
}

/// Over HTTP/2 the same is counted as over HTTP/1.1, also for requests that share a connection.
#[actix_web::test]
async fn http2_requests_are_counted_alike() {
    let exporter = private_exporter();
    let gate = gate();
    let server = serve(1, &exporter, routes(&gate));
    let sender = http2(&server).await;

    for (method, path, text) in
        [("GET", "/text", "some text"), ("HEAD", "/text", ""), ("GET", "/empty", "")]
    {
        let response = send(&sender, method, path).await;
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), text);
    }
    let waiting = [7, 8].map(|id| {
        let sender = sender.clone();
        actix_web::rt::spawn(async move { send(&sender, "GET", &format!("/wait/{id}")).await })
    });
    wait_for(|| series(&exporter, "http_requests_in_flight").first().is_some_and(|l| l == "GET 2"))
        .await;
    gate.add_permits(2);
    for response in waiting {
        let body = response.await.unwrap().into_body().collect().await.unwrap();
        assert_eq!(body.to_bytes(), "opened");
    }

    assert_counted_soon(
        &exporter,
        &["GET /empty 204 1", "GET /text 200 1", "GET /wait/{id} 200 2", "HEAD /text 200 1"],
        &[],
    )
    .await;
    // A graceful stop would wait for the connection.
    drop(sender);
    server.stop(true).await;
}

/// A client that resets one stream of a connection drops one body.
#[actix_web::test]
async fn a_reset_http2_stream_drops_its_body() {
    let exporter = private_exporter();
    let gate = gate();
    let server = serve(1, &exporter, routes(&gate));
    let sender = http2(&server).await;

    let mut body = send(&sender, "GET", "/ticks/7").await.into_body();
    gate.add_permits(1);
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "data: tick\n\n");
    drop(body);
    // actix-web learns of it when it has something to send.
    wait_for(|| {
        gate.add_permits(1);
        !series(&exporter, "http_requests_aborted_total").is_empty()
    })
    .await;

    assert_counted_soon(&exporter, &["GET /ticks/{id} 200 1"], &["GET /ticks/{id} body_dropped 1"])
        .await;
    drop(sender);
    server.stop(true).await;
}
