//! When a request ends with its response's body, and how it is counted.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

mod support;

use std::convert::Infallible;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{self, BodySize, BodyStream, MessageBody, SizedStream};
use actix_web::dev::Service;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, init_service};
use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, web};
use futures_util::{Stream, stream};
use tokio_test::task::{self, Spawn};
use tower_metrics_actix_web::Metrics;
use tower_metrics_prometheus::Exporter;

use support::{assert_counted, private_exporter, series};

/// What a body does when it is polled, in order; after that it is at its end.
#[derive(Clone, Copy)]
enum Step {
    Chunk,
    Wait,
    Fail,
    Panic,
}
use Step::{Chunk, Fail, Panic, Wait};

/// A stream that follows a script.
fn scripted(steps: &'static [Step]) -> impl Stream<Item = io::Result<Bytes>> {
    let mut steps = steps.iter();
    stream::poll_fn(move |_| match steps.next() {
        Some(Chunk) => Poll::Ready(Some(Ok(Bytes::from_static(b"chunk")))),
        Some(Wait) => Poll::Pending,
        Some(Fail) => Poll::Ready(Some(Err(io::Error::other("scripted")))),
        Some(Panic) => resume_unwind(Box::new("scripted")),
        None => Poll::Ready(None),
    })
}

/// Sends a request for `/7` to an app that answers it with `response`, and gives the body of that
/// back, as a server would take it.
async fn respond<B: MessageBody + 'static>(
    exporter: &Exporter,
    method: Method,
    response: impl Fn() -> HttpResponse<B> + Clone + 'static,
) -> Spawn<impl MessageBody> {
    let answer = move || std::future::ready(response());
    let app = App::new().route("/{id}", web::route().to(answer)).wrap(Metrics::new(exporter));
    let app = init_service(app).await;
    let request = TestRequest::with_uri("/7").method(method).to_request();
    task::spawn(app.call(request).await.unwrap().into_body())
}

/// As [`respond`], with status 200 and a body of unknown size.
async fn stream(exporter: &Exporter, steps: &'static [Step]) -> Spawn<impl MessageBody> {
    respond(exporter, Method::GET, || with(BodyStream::new(scripted(steps)))).await
}

fn with<B>(body: B) -> HttpResponse<B> {
    HttpResponse::Ok().finish().set_body(body)
}

/// Polls once: `Ready` with the bytes of a chunk, or with nothing at the end or at an error.
fn poll(body: &mut Spawn<impl MessageBody>) -> Poll<Option<Bytes>> {
    body.enter(|cx, body| body.poll_next(cx)).map(|chunk| chunk?.ok())
}

const CHUNK: Poll<Option<Bytes>> = Poll::Ready(Some(Bytes::from_static(b"chunk")));
const END: Poll<Option<Bytes>> = Poll::Ready(None);

/// A body that is read to its end is complete; until then the request is only in flight.
#[actix_web::test]
async fn a_stream_read_to_its_end_is_complete() {
    let exporter = private_exporter();
    let mut body = stream(&exporter, &[Chunk, Wait, Chunk]).await;

    for expected in [CHUNK, Poll::Pending, CHUNK] {
        assert_eq!(poll(&mut body), expected);
    }
    assert_eq!(series(&exporter, "http_requests_in_flight"), ["GET 1"]);
    assert_eq!(series(&exporter, "http_requests_total"), [""; 0]);
    assert_eq!(poll(&mut body), END);

    assert_counted(&exporter, &["GET /{id} 200 1"], &[]);
    drop(body);
    assert_counted(&exporter, &["GET /{id} 200 1"], &[]);
}

/// A body that fails midway leaves the status that was sent, and a reason.
#[actix_web::test]
async fn a_body_that_fails_midway_is_counted_as_body_error() {
    let exporter = private_exporter();
    let mut body = stream(&exporter, &[Chunk, Fail]).await;

    assert_eq!((poll(&mut body), poll(&mut body)), (CHUNK, END));

    assert_counted(&exporter, &["GET /{id} 200 1"], &["GET /{id} body_error 1"]);
}

/// A client that goes away midway, or before the first byte, leaves a body that is dropped.
#[actix_web::test]
async fn a_body_dropped_midway_is_counted_as_body_dropped() {
    let exporter = private_exporter();

    let mut body = stream(&exporter, &[Chunk, Wait]).await;
    assert_eq!(poll(&mut body), CHUNK);
    assert_eq!(poll(&mut body), Poll::Pending);
    drop(body);
    drop(stream(&exporter, &[Chunk]).await);
    drop(respond(&exporter, Method::GET, || with("four")).await);

    assert_counted(&exporter, &["GET /{id} 200 3"], &["GET /{id} body_dropped 3"]);
}

/// A panic in the body ends the request under the status that was sent, once.
#[actix_web::test]
async fn a_body_that_panics_is_counted_as_panic() {
    let exporter = private_exporter();
    let mut body = stream(&exporter, &[Chunk, Panic]).await;

    assert_eq!(poll(&mut body), CHUNK);
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut body))).is_err());
    assert_counted(&exporter, &["GET /{id} 200 1"], &["GET /{id} panic 1"]);
    drop(body);

    assert_counted(&exporter, &["GET /{id} 200 1"], &["GET /{id} panic 1"]);
}

/// Whoever takes a body as a whole may meet its panic too.
#[actix_web::test]
async fn a_body_that_panics_as_a_whole_is_counted_as_panic() {
    struct Explosive;

    impl MessageBody for Explosive {
        type Error = Infallible;

        fn size(&self) -> BodySize {
            BodySize::Sized(5)
        }

        fn poll_next(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Bytes, Infallible>>> {
            Poll::Pending
        }

        fn try_into_bytes(self) -> Result<Bytes, Self> {
            resume_unwind(Box::new("as a whole"))
        }
    }

    let exporter = private_exporter();
    // The body of a middleware: that of a handler is boxed before we see it.
    let app = App::new().route("/{id}", web::get().to(async || "")).wrap_fn(|request, service| {
        let response = service.call(request);
        async { Ok(response.await?.map_body(|_, _| Explosive)) }
    });
    let app = init_service(app.wrap(Metrics::new(&exporter))).await;
    let response = app.call(TestRequest::with_uri("/7").to_request()).await;
    let body = response.unwrap().into_body();
    assert!(catch_unwind(AssertUnwindSafe(|| body.try_into_bytes().is_ok())).is_err());

    assert_counted(&exporter, &["GET /{id} 200 1"], &["GET /{id} panic 1"]);
}

/// Servers never ask an empty body for anything, so the head ends the request.
#[actix_web::test]
async fn an_empty_body_is_complete_with_the_head() {
    let exporter = private_exporter();

    drop(respond(&exporter, Method::GET, || with(())).await);
    drop(respond(&exporter, Method::GET, || with(body::None::new())).await);
    drop(respond(&exporter, Method::GET, || with("")).await);
    drop(respond(&exporter, Method::GET, || with(SizedStream::new(0, scripted(&[])))).await);

    assert_counted(&exporter, &["GET /{id} 200 4"], &[]);
}

/// Where HTTP sends no body, whatever body there is does not matter.
#[actix_web::test]
async fn a_response_without_a_body_is_complete_with_the_head() {
    let exporter = private_exporter();

    for (method, status) in [
        (Method::HEAD, 200),
        (Method::GET, 101),
        (Method::GET, 204),
        (Method::GET, 304),
        (Method::CONNECT, 200),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let response =
            move || HttpResponse::new(status).set_body(BodyStream::new(scripted(&[Chunk, Fail])));
        let mut body = respond(&exporter, method, response).await;
        // It is still there for a server that takes it, as after an upgrade.
        assert_eq!(poll(&mut body), CHUNK);
    }

    assert_counted(
        &exporter,
        &[
            "CONNECT /{id} 200 1",
            "GET /{id} 101 1",
            "GET /{id} 204 1",
            "GET /{id} 304 1",
            "HEAD /{id} 200 1",
        ],
        &[],
    );
}

/// A client that has all bytes it was promised may close at once; the end is then never polled.
#[actix_web::test]
async fn a_sized_body_is_complete_when_its_bytes_are_sent() {
    let exporter = private_exporter();

    let mut body = respond(&exporter, Method::GET, || with("chunk")).await;
    assert_eq!(poll(&mut body), CHUNK);
    drop(body);
    assert_counted(&exporter, &["GET /{id} 200 1"], &[]);

    let sized = || with(SizedStream::new(10, scripted(&[Chunk, Chunk])));
    let mut body = respond(&exporter, Method::GET, sized).await;
    assert_eq!((poll(&mut body), poll(&mut body)), (CHUNK, CHUNK));
    drop(body);
    assert_counted(&exporter, &["GET /{id} 200 2"], &[]);

    let mut body = respond(&exporter, Method::GET, sized).await;
    assert_eq!(poll(&mut body), CHUNK);
    drop(body);
    assert_counted(&exporter, &["GET /{id} 200 3"], &["GET /{id} body_dropped 1"]);
}

/// A stream whose length the app declared, as a proxy does, is no different.
#[actix_web::test]
async fn a_stream_of_declared_length_is_complete_when_its_bytes_are_sent() {
    let exporter = private_exporter();
    let declared = || {
        let stream = BodyStream::new(scripted(&[Chunk, Chunk, Wait]));
        HttpResponse::Ok().no_chunking(10).finish().set_body(stream)
    };

    let mut body = respond(&exporter, Method::GET, declared).await;
    assert_eq!((poll(&mut body), poll(&mut body)), (CHUNK, CHUNK));
    assert_eq!(poll(&mut body), Poll::Pending);
    drop(body);
    assert_counted(&exporter, &["GET /{id} 200 1"], &[]);

    let mut body = respond(&exporter, Method::GET, declared).await;
    assert_eq!(poll(&mut body), CHUNK);
    drop(body);
    assert_counted(&exporter, &["GET /{id} 200 2"], &["GET /{id} body_dropped 1"]);
}

/// Size and chunks are those of the app's body, also of one that cannot be moved.
#[actix_web::test]
async fn a_body_passes_unchanged() {
    let exporter = private_exporter();

    let sized = respond(&exporter, Method::GET, || with("chunk")).await;
    assert_eq!(sized.size(), BodySize::Sized(5));
    assert_eq!(stream(&exporter, &[]).await.size(), BodySize::Stream);
    let none = respond(&exporter, Method::GET, || with(body::None::new())).await;
    assert_eq!(none.size(), BodySize::None);

    let once = || stream::once(async { io::Result::Ok(Bytes::from_static(b"chunk")) });
    let mut pinned = respond(&exporter, Method::GET, move || with(BodyStream::new(once()))).await;
    assert_eq!((poll(&mut pinned), poll(&mut pinned)), (CHUNK, END));
}

/// A middleware further out may take a body that is there as a whole: that is all of it.
#[actix_web::test]
async fn a_body_taken_as_a_whole_is_complete() {
    let exporter = private_exporter();
    let body = respond(&exporter, Method::GET, || with("chunk")).await;
    assert_eq!(body.into_inner().try_into_bytes().ok(), Some(Bytes::from_static(b"chunk")));

    assert_counted(&exporter, &["GET /{id} 200 1"], &[]);
}

/// A stream that is asked for its whole gives itself back, still measured.
#[actix_web::test]
async fn a_stream_that_cannot_be_taken_as_a_whole_goes_on() {
    let exporter = private_exporter();
    let body = stream(&exporter, &[Chunk]).await;

    let mut body = task::spawn(body.into_inner().try_into_bytes().unwrap_err());
    assert_eq!(series(&exporter, "http_requests_in_flight"), ["GET 1"]);
    assert_eq!((poll(&mut body), poll(&mut body)), (CHUNK, END));

    assert_counted(&exporter, &["GET /{id} 200 1"], &[]);
}
