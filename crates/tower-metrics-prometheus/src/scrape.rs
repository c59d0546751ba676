//! Answers scrapes.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE as CONTENT_TYPE_HEADER};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tower_service::Service;

use crate::error::RenderingFailed;
use crate::exporter::Shared;
use crate::worker::Rendering;

/// The content type of Prometheus' [text format].
///
/// [text format]: https://prometheus.io/docs/instrumenting/exposition_formats/#basic-info
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers `GET` and `HEAD` with the metrics of an exporter, whatever the path; other methods with
/// 405.
///
/// Rendering happens on the exporter's own thread; scrapes that arrive while one is rendered share
/// the next rendering.
///
/// # Cancellation
///
/// Dropping the future drops the answer; the rendering itself is finished.
#[derive(Clone)]
pub struct ScrapeService {
    shared: Arc<Shared>,
}

impl ScrapeService {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl<B> Service<Request<B>> for ScrapeService {
    type Response = Response<ScrapeBody>;
    type Error = Infallible;
    type Future = ScrapeFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ScrapeFuture {
        ScrapeFuture {
            answer: match *request.method() {
                Method::GET => Answer::Text(self.shared.worker.render()),
                Method::HEAD => Answer::Head(self.shared.worker.render()),
                _ => Answer::MethodNotAllowed,
            },
        }
    }
}

impl fmt::Debug for ScrapeService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScrapeService").finish_non_exhaustive()
    }
}

/// The response future of [`ScrapeService`].
#[derive(Debug)]
pub struct ScrapeFuture {
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    Text(Rendering),
    Head(Rendering),
    MethodNotAllowed,
}

impl Future for ScrapeFuture {
    type Output = Result<Response<ScrapeBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = match &mut self.answer {
            Answer::Text(rendered) => match ready!(Pin::new(rendered).poll(cx)) {
                Ok(text) => metrics(&text, text.clone()),
                Err(RenderingFailed) => rendering_failed(),
            },
            Answer::Head(rendered) => match ready!(Pin::new(rendered).poll(cx)) {
                Ok(text) => metrics(&text, Bytes::new()),
                Err(RenderingFailed) => rendering_failed(),
            },
            Answer::MethodNotAllowed => {
                let mut response = Response::new(ScrapeBody::default());
                *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                response
            }
        };
        Poll::Ready(Ok(response))
    }
}

fn metrics(text: &Bytes, body: Bytes) -> Response<ScrapeBody> {
    let mut response = Response::new(ScrapeBody::new(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE_HEADER, HeaderValue::from_static(CONTENT_TYPE));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn rendering_failed() -> Response<ScrapeBody> {
    let mut response = Response::new(ScrapeBody::new(format!("{RenderingFailed}\n").into()));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// The response body of [`ScrapeService`]: one chunk.
#[derive(Debug, Default)]
pub struct ScrapeBody {
    chunk: Option<Bytes>,
}

impl ScrapeBody {
    fn new(text: Bytes) -> Self {
        Self { chunk: Some(text).filter(|text| !text.is_empty()) }
    }
}

impl Body for ScrapeBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.chunk.take().map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunk.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.chunk.as_ref().map_or(0, |chunk| chunk.len() as u64))
    }
}
