//! The application on axum, with the account inside of its routes.

use std::future::pending;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Path, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{MethodRouter, any, get, post};
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use http_body::{Frame, SizeHint};
use tokio::task::yield_now;

use super::bodies::{bursting, chunks, failing, length};
use super::tally::{Account, Head, Step, Tally};
use crate::sockets::Server;

pub(super) async fn serve(tally: &Tally) -> Server {
    Server::axum(router(tally)).await
}

/// Paths with a number in them do what they do that many times.
fn router(tally: &Tally) -> Router {
    let routes = [
        ("/now", get(async || "now")),
        ("/empty", get(async || ())),
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
        router = router.route(template, watch(tally, template, route));
    }
    let missing = any(async || (StatusCode::NOT_FOUND, "not here"));
    router.fallback_service(watch(tally, "unmatched", missing))
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
    let response = Response::builder().header(CONTENT_LENGTH, length(times));
    response.body(Body::from_stream(chunks(times))).unwrap()
}

/// Keeps account of a route, whose template is `endpoint`.
fn watch(tally: &Tally, endpoint: &'static str, route: MethodRouter) -> MethodRouter {
    let tally = tally.clone();
    route.layer(from_fn(move |request: Request, next: Next| {
        let mut account = tally.open(request.method().as_str(), endpoint);
        async move {
            let response = next.run(request).await;
            account.answer(head(&response));
            response.map(|body| Body::new(Watched { body, account }))
        }
    }))
}

fn head(response: &Response) -> Head {
    let length = response.headers().get(CONTENT_LENGTH);
    Head {
        status: response.status().as_u16(),
        length: length.map(|length| length.to_str().unwrap().parse().unwrap()),
        is_bare: response.body().is_end_stream(),
    }
}

/// A body that notes what comes out of it.
#[derive(Debug)]
struct Watched {
    body: Body,
    account: Account,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.account.note(match &frame {
            None => Step::End,
            Some(Err(_)) => Step::Failure,
            Some(Ok(frame)) => Step::data(frame.data_ref().map_or(&[], AsRef::as_ref)),
        });
        if self.body.is_end_stream() {
            self.account.note(Step::End);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
