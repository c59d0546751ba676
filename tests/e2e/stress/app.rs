//! An application in which requests end in every way.

use std::future::pending;
use std::io;
use std::panic::resume_unwind;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{any, get, post};
use futures_util::{Stream, StreamExt as _, stream};
use http::StatusCode;
use tokio::task::yield_now;

use super::tally::Tally;

const CHUNK: &str = "a chunk of a body; ";

/// Paths with a number in them do what they do that many times.
pub(super) fn router(tally: &Tally) -> Router {
    let routes = [
        ("/now", get(async || "now")),
        ("/nothing", get(async || StatusCode::NO_CONTENT)),
        ("/later/{times}", get(later)),
        ("/never", get(pending::<()>)),
        ("/stream/{times}", get(async |Path(times)| Body::from_stream(chunks(times)))),
        ("/sized/{times}", get(sized)),
        ("/endless", get(async || Body::from_stream(chunks(usize::MAX)))),
        ("/fails/{times}", get(async |Path(times)| Body::from_stream(failing(times)))),
        ("/panics", get(panicking)),
        ("/panics/{times}", get(async |Path(times)| Body::from_stream(bursting(times)))),
        ("/echo", post(async |body: Body| body)),
    ];
    let mut router = Router::new();
    for (template, route) in routes {
        router = router.route(template, tally.watch(template, route));
    }
    let missing = any(async || (StatusCode::NOT_FOUND, "not here"));
    router.fallback_service(tally.watch("unmatched", missing))
}

async fn later(Path(times): Path<usize>) -> &'static str {
    for _ in 0..times {
        yield_now().await;
    }
    "later"
}

async fn panicking() {
    yield_now().await;
    // As a panic, without the message.
    resume_unwind(Box::new("the handler's"));
}

/// The length is announced; the body does not know when it is reached.
async fn sized(Path(times): Path<usize>) -> Response {
    let response = Response::builder().header("content-length", times * CHUNK.len());
    response.body(Body::from_stream(chunks(times))).unwrap()
}

pub(super) fn chunks(times: usize) -> impl Stream<Item = Result<Bytes, io::Error>> + Send {
    stream::iter(0..times).then(async |_| {
        yield_now().await;
        Ok(Bytes::from_static(CHUNK.as_bytes()))
    })
}

fn failing(times: usize) -> impl Stream<Item = Result<Bytes, io::Error>> + Send {
    chunks(times).chain(stream::once(async { Err(io::ErrorKind::Other.into()) }))
}

fn bursting(times: usize) -> impl Stream<Item = Result<Bytes, io::Error>> + Send {
    chunks(times).chain(stream::once(async { resume_unwind(Box::new("the body's")) }))
}
