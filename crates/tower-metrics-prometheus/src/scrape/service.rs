//! The tower service.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::header::{CONTENT_LENGTH, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use tower_service::Service;

use super::answer::{Scrape, ScrapeAnswer};
use super::body::ScrapeBody;
use super::request::ScrapeRequest;
use crate::exporter::Shared;

/// Answers `GET` and `HEAD` with the metrics of an exporter, whatever the path; other methods with
/// 405.
///
/// Rendering happens on the exporter's own thread; scrapes that arrive while one is rendered share
/// the next rendering, and its compressed form. Too many at once are answered with 503, and those
/// without one of the exporter's [tokens](crate::ExporterBuilder::with_bearer_token), if it has
/// any, with 401.
///
/// # Cancellation
///
/// Dropping the future drops the answer; a rendering that others wait for goes on.
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
        let asked = request
            .headers()
            .iter()
            .fold(ScrapeRequest::new(request.method().as_str()), |asked, (name, value)| {
                asked.with_header(name.as_str(), value.as_bytes())
            });
        ScrapeFuture {
            scrape: Scrape::new(&self.shared, &asked),
            is_head: request.method() == Method::HEAD,
        }
    }
}

/// The response future of [`ScrapeService`].
#[derive(Debug)]
pub struct ScrapeFuture {
    scrape: Scrape,
    is_head: bool,
}

impl Future for ScrapeFuture {
    type Output = Result<Response<ScrapeBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.scrape).poll(cx));
        Poll::Ready(Ok(respond(answer, self.is_head)))
    }
}

fn respond(answer: ScrapeAnswer, is_head: bool) -> Response<ScrapeBody> {
    let status = StatusCode::from_u16(answer.status());
    let mut headers = HeaderMap::new();
    for (name, value) in answer.headers() {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let body = answer.into_body();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.remaining()));
    let mut response = Response::new(if is_head { ScrapeBody::default() } else { body });
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response
}

impl fmt::Debug for ScrapeService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScrapeService").finish_non_exhaustive()
    }
}
