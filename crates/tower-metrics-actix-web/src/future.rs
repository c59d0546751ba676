//! The future: a response comes, or does not.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, EitherBody, MessageBody};
use actix_web::dev::{Extensions, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse};
use pin_project_lite::pin_project;
use tower_metrics_core::labels::GrpcStatus;
use tower_metrics_core::middleware::Unmeasured;
use tower_metrics_core::request::{OnUnwind, RequestGuard};
use tower_metrics_prometheus::Scrape;

use crate::body::ResponseBody;
use crate::early::EarlyGuard;
use crate::endpoint;
use crate::error::answer_to;
use crate::scrape_body::ScrapeBody;
use crate::shared::Shared;

pin_project! {
    /// The response future of [`MetricsService`](crate::MetricsService).
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        task: Task,
        shared: Rc<Shared>,
    }
}

/// What is to be done with the response.
enum Task {
    /// Measure it.
    Measure { early: Option<EarlyGuard> },
    /// If no route met the request, answer it with the metrics.
    Answer,
    /// The metrics are being rendered.
    Scrape { request: HttpRequest, scrape: Scrape },
}

/// A response that is measured, or one of our own.
type Measured<B> = ServiceResponse<EitherBody<ResponseBody<B>, ScrapeBody>>;

impl<F> ResponseFuture<F> {
    pub(crate) fn measuring(inner: F, early: Option<EarlyGuard>, shared: Rc<Shared>) -> Self {
        Self { inner, task: Task::Measure { early }, shared }
    }

    pub(crate) fn answering(inner: F, shared: Rc<Shared>) -> Self {
        Self { inner, task: Task::Answer, shared }
    }
}

impl<F, B> Future for ResponseFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<Measured<B>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.task {
                Task::Measure { early } => {
                    let watch = OnUnwind::new(|| EarlyGuard::panicked(early));
                    let polled = this.inner.poll(cx);
                    watch.end();
                    // A response is large: it is looked at where it lies, and moved once.
                    let guard = match &polled {
                        Poll::Ready(Ok(response)) => answered(response, early, this.shared),
                        Poll::Ready(Err(error)) => {
                            failed(error, early);
                            RequestGuard::none()
                        }
                        Poll::Pending => return Poll::Pending,
                    };
                    return polled.map_ok(|response| measured(response, guard));
                }
                Task::Answer => {
                    let response = ready!(this.inner.as_mut().poll(cx))?;
                    let Some(serve) = this.shared.serve.as_ref().filter(|_| unmet(&response))
                    else {
                        return Poll::Ready(Ok(measured(response, RequestGuard::none())));
                    };
                    let (request, _) = response.into_parts();
                    let scrape = endpoint::scrape(&serve.exporter, &request);
                    *this.task = Task::Scrape { request, scrape };
                }
                Task::Scrape { request, scrape } => {
                    let answer = ready!(Pin::new(scrape).poll(cx));
                    let response = endpoint::respond(answer).map_into_right_body();
                    return Poll::Ready(Ok(ServiceResponse::new(request.clone(), response)));
                }
            }
        }
    }
}

/// The guard for the body; of no request if nothing will be sent of it.
#[inline(never)]
fn answered<B: MessageBody>(
    response: &ServiceResponse<B>,
    early: &mut Option<EarlyGuard>,
    shared: &Shared,
) -> RequestGuard {
    let (Some(early), Some(instruments)) = (early, &shared.instruments) else {
        return RequestGuard::none();
    };
    let mut guard = early.routed(response, instruments);
    if is_unmeasured(response) {
        guard.discard();
    }
    if !guard.is_none() && !is_sent_on(response, &mut guard, shared) {
        guard.complete();
    }
    guard
}

/// Ends the request by what its client is told of the error.
#[cold]
fn failed(error: &Error, early: &mut Option<EarlyGuard>) {
    let Some(early) = early else { return };
    let mut guard = early.looked_up();
    let (status, failure) = answer_to(error);
    guard.response(status.as_u16());
    match failure {
        Some(reason) => guard.abort(reason),
        None => guard.complete(),
    }
}

fn is_unmeasured<B>(response: &ServiceResponse<B>) -> bool {
    let is_in = |extensions: &Extensions| extensions.contains::<Unmeasured>();
    Unmeasured::is_used()
        && (is_in(&response.response().extensions()) || is_in(&response.request().extensions()))
}

/// Tells the guard about the head; `false` if nothing will be sent of the body.
fn is_sent_on<B: MessageBody>(
    response: &ServiceResponse<B>,
    guard: &mut RequestGuard,
    shared: &Shared,
) -> bool {
    if let Some(instruments) = &shared.instruments {
        let head = response.response().head();
        shared.rules.add_response_labels(instruments, head, guard);
    }
    guard.response(response.status().as_u16());
    if guard.wants_grpc_status()
        && let Some(status) = response.headers().get(GrpcStatus::HEADER)
    {
        guard.grpc_status(GrpcStatus::from_bytes(status.as_bytes()));
    }
    if !guard.sends_body() || response.response().body().size().is_eof() {
        return false;
    }
    guard.expect_bytes(content_length(response.response()));
    true
}

/// How many bytes the server will take from the body, if that is known: those that the body says,
/// or the length that the app gave a stream ([`HttpResponseBuilder::no_chunking`]); of a chunked
/// one actix-web does not send it.
///
/// [`HttpResponseBuilder::no_chunking`]: actix_web::HttpResponseBuilder::no_chunking
pub(crate) fn content_length<B: MessageBody>(response: &HttpResponse<B>) -> Option<u64> {
    if let BodySize::Sized(length) = response.body().size() {
        return Some(length);
    }
    let head = response.head();
    let length = head.headers().get(CONTENT_LENGTH).filter(|_| !head.chunked())?;
    length.to_str().ok()?.parse().ok()
}

/// Whether a request went through everything inside and met no route.
fn unmet<B>(response: &ServiceResponse<B>) -> bool {
    response.status() == StatusCode::NOT_FOUND && response.request().match_pattern().is_none()
}

fn measured<B>(response: ServiceResponse<B>, guard: RequestGuard) -> Measured<B> {
    response.map_body(|_, body| EitherBody::left(ResponseBody::new(body, guard)))
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
