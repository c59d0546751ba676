//! Answers that were sent to their end, in all the ways in which HTTP servers do that.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::response::Response;
use axum::routing::{MethodRouter, any, get, post};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Request, StatusCode};
use http_body::{Frame, SizeHint};
use tower::{Layer as _, service_fn};

use super::client::{Whole, raw, read_until};
use super::{Client, Protocol, Server, layer, private_exporter, scripted};

const MEGABYTE: usize = 1 << 20;

async fn serve(route: MethodRouter) -> Server {
    Server::axum(Router::new().route("/", route)).await
}

async fn ask(address: SocketAddr, protocol: Protocol, method: &str) -> Whole {
    let client = Client::connect(address, protocol).await;
    Whole::read(client.request(method, "/").await).await.unwrap()
}

/// A body of these chunks that does not know that the last one is the last.
fn chunks(chunks: impl IntoIterator<Item = Bytes, IntoIter: Send + 'static>) -> Body {
    Body::from_stream(stream::iter(chunks.into_iter().map(Ok::<_, Infallible>)))
}

/// The usual answer.
#[tokio::test]
async fn a_fixed_body_is_complete() {
    for protocol in Protocol::BOTH {
        let server = serve(get(async || "whole")).await;
        assert_eq!(ask(server.address(), protocol, "GET").await.body, "whole");
        server.assert_counts([("GET / 200", 1)], []).await;
    }
}

/// The body is never polled.
#[tokio::test]
async fn an_empty_body_is_complete() {
    for protocol in Protocol::BOTH {
        let server = serve(get(async || ())).await;
        assert_eq!(ask(server.address(), protocol, "GET").await.body, "");
        server.assert_counts([("GET / 200", 1)], []).await;
    }
}

/// The body that the handler made is never polled, whether its length is known or not.
#[tokio::test]
async fn an_answer_to_head_is_complete() {
    for protocol in Protocol::BOTH {
        for route in [get(async || "whole"), get(async || chunks(["part".into()]))] {
            let server = serve(route).await;
            assert_eq!(ask(server.address(), protocol, "HEAD").await.body, "");
            server.assert_counts([("HEAD / 200", 1)], []).await;
        }
    }
}

/// HTTP has no body for them, even if the handler has.
#[tokio::test]
async fn no_content_and_not_modified_are_complete() {
    for protocol in Protocol::BOTH {
        for status in [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED] {
            for body in [Bytes::new(), Bytes::from("unsent")] {
                let server = serve(get(async move || (status, body))).await;
                let client = Client::connect(server.address(), protocol).await;
                // Over HTTP/2 hyper sends the handler's body all the same.
                assert_eq!(client.get("/").await.unwrap().status(), status);
                let counted = format!("GET / {}", status.as_u16());
                server.assert_counts([(&counted, 1)], []).await;
            }
        }
    }
}

/// Chunked over HTTP/1.1, DATA frames over HTTP/2.
#[tokio::test]
async fn a_stream_of_unknown_length_is_complete() {
    for protocol in Protocol::BOTH {
        let (mut sender, route) = scripted();
        let server = serve(route).await;
        let client = Client::connect(server.address(), protocol).await;
        let answer = client.get("/").await;
        for part in ["one, ", "two, ", "three"] {
            sender.send_data(part.into()).await.unwrap();
        }
        drop(sender);
        assert_eq!(Whole::read(answer).await.unwrap().body, "one, two, three");
        server.assert_counts([("GET / 200", 1)], []).await;
    }
}

/// Over HTTP/1.1 hyper drops the body when that many bytes are sent, and never sees its end.
#[tokio::test]
async fn a_stream_of_announced_length_is_complete() {
    for protocol in Protocol::BOTH {
        let server = serve(get(async || {
            let body = chunks(["five ".into(), "seven 7".into()]);
            Response::builder().header("content-length", 12).body(body).unwrap()
        }))
        .await;
        assert_eq!(ask(server.address(), protocol, "GET").await.body, "five seven 7");
        server.assert_counts([("GET / 200", 1)], []).await;
    }
}

/// A body that may know how long it is, and when it is over.
struct Parts {
    left: VecDeque<&'static str>,
    knows_length: bool,
    knows_end: bool,
}

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.left.pop_front().map(|part| Ok(Frame::data(part.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.knows_end && self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.left.iter().map(|part| part.len() as u64).sum();
        if self.knows_length { SizeHint::with_exact(length) } else { SizeHint::default() }
    }
}

/// Hyper polls one that knows for as long as it must, and the others until they say so.
#[tokio::test]
async fn a_body_is_complete_whatever_it_knows_of_its_end() {
    for protocol in Protocol::BOTH {
        for (knows_length, knows_end) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            for (parts, whole) in
                [(vec![], ""), (vec!["one"], "one"), (vec!["one", "two"], "onetwo")]
            {
                let exporter = private_exporter();
                let service = layer(&exporter).layer(service_fn(move |_| {
                    let left = parts.clone().into();
                    ready(Ok::<_, Infallible>(Response::new(Parts {
                        left,
                        knows_length,
                        knows_end,
                    })))
                }));
                let server = Server::hyper(exporter, service).await;
                assert_eq!(ask(server.address(), protocol, "GET").await.body, whole);
                server.assert_counts([("GET unmatched 200", 1)], []).await;
            }
        }
    }
}

/// Nothing is polled after trailers.
#[tokio::test]
async fn a_stream_that_ends_in_trailers_is_complete() {
    for protocol in Protocol::BOTH {
        let (mut sender, route) = scripted();
        // HTTP/1.1 sends only the trailers that were announced, to those who want them.
        let announce = tower::util::MapResponseLayer::new(|mut response: Response| {
            response.headers_mut().insert("trailer", "x-check".parse().unwrap());
            response
        });
        let server = serve(route.layer(announce)).await;
        let client = Client::connect(server.address(), protocol).await;
        let request = Request::get("/").header("te", "trailers").body(Body::empty()).unwrap();
        let answer = client.exchange(request).await;
        sender.send_data("data".into()).await.unwrap();
        let trailers = HeaderMap::from_iter([("x-check".parse().unwrap(), "7".parse().unwrap())]);
        sender.send_trailers(trailers).await.unwrap();
        let answer = Whole::read(answer).await.unwrap();
        assert_eq!(answer.trailers.unwrap().get("x-check").unwrap(), "7");
        server.assert_counts([("GET / 200", 1)], []).await;
    }
}

/// More than any buffer or window takes at once, in one piece and in many.
#[tokio::test]
async fn a_large_body_is_complete() {
    for protocol in Protocol::BOTH {
        for route in [
            get(async || vec![b'x'; 8 * MEGABYTE]),
            get(async || chunks((0..128).map(|_| vec![b'x'; MEGABYTE / 16].into()))),
        ] {
            let server = serve(route).await;
            let answer = ask(server.address(), protocol, "GET").await;
            assert_eq!(answer.body.len(), 8 * MEGABYTE);
            server.assert_counts([("GET / 200", 1)], []).await;
        }
    }
}

/// A connection that lives long makes no difference.
#[tokio::test]
async fn every_request_of_a_connection_is_counted() {
    for protocol in Protocol::BOTH {
        let server = serve(any(async |body: Bytes| body)).await;
        let client = Client::connect(server.address(), protocol).await;
        for number in 0..100 {
            let body = format!("body {number}");
            let answer = client.send("POST", "/", body.clone().into()).await;
            assert_eq!(Whole::read(answer).await.unwrap().body, body);
        }
        server.assert_counts([("POST / 200", 100)], []).await;
    }
}

/// The requests are there before the first answer.
#[tokio::test]
async fn pipelined_requests_are_counted_each() {
    let server = serve(get(async || "whole")).await;
    let request = "GET / HTTP/1.1\r\nhost: a\r\n";
    let requests = format!("{request}\r\n{request}\r\n{request}connection: close\r\n\r\n");
    let mut stream = raw(server.address(), &requests).await;
    let answers = read_until(&mut stream, "the end").await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
    server.assert_counts([("GET / 200", 3)], []).await;
}

/// The end of the connection is the end of a body of unknown length.
#[tokio::test]
async fn http1_0_requests_are_complete() {
    for route in [get(async || "whole"), get(async || chunks(["who".into(), "le".into()]))] {
        let server = serve(route).await;
        let mut stream = raw(server.address(), "GET / HTTP/1.0\r\n\r\n").await;
        let answer = read_until(&mut stream, "the end").await;
        assert!(answer.starts_with("HTTP/1.0 200 OK") && answer.ends_with("whole"), "{answer}");
        server.assert_counts([("GET / 200", 1)], []).await;
    }
}

/// "100 Continue" is no answer of its own.
#[tokio::test]
async fn an_upload_that_waits_to_be_asked_is_counted_once() {
    let server = serve(post(async |body: Bytes| body)).await;
    let head = "POST / HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
    let head = head.replace("1.0", "1.1\r\nhost: a\r\nconnection: close");
    let mut stream = raw(server.address(), &head).await;
    let interim = read_until(&mut stream, "\r\n\r\n").await;
    assert!(interim.starts_with("HTTP/1.1 100 Continue"), "{interim}");
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"hello").await.unwrap();
    assert!(read_until(&mut stream, "the end").await.ends_with("hello"));
    server.assert_counts([("POST / 200", 1)], []).await;
}

/// Who has the answer may stop sending.
#[tokio::test]
async fn an_answer_before_the_end_of_the_upload_is_complete() {
    for protocol in Protocol::BOTH {
        let server = serve(post(async || StatusCode::PAYLOAD_TOO_LARGE)).await;
        let client = Client::connect(server.address(), protocol).await;
        let endless = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let answer = client.send("POST", "/", endless).await.unwrap();
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        server.assert_counts([("POST / 413", 1)], []).await;
    }
}
