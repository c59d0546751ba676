//! Bytes are counted once per request, as far as they went.

use std::convert::Infallible;
use std::future::{Ready, ready};

use http::{HeaderMap, Method, Request, Response};
use tokio_test::task;
use tower::{Layer as _, Service as _, service_fn};
use tower_metrics::middleware::RequestBody;
use tower_metrics::{Buckets, RequestSizeLayer, Route};
use tower_metrics_tests::scripted::{
    BodyStep, FutureStep, ScriptedBody, ScriptedService, catch_scripted_panic,
};

use super::measured::{Measured, ROUTE, head, observe, poll_frames};

const RESPONSE_SIZE: &str = "http_response_size_bytes";
const REQUEST_SIZE: &str = "http_request_size_bytes";

/// Two chunks with a pause between them.
const CHUNKS: [BodyStep; 3] = [BodyStep::Data(300), BodyStep::Pending, BodyStep::Data(400)];

/// A body that sends [`CHUNKS`], and then this.
fn chunks_and(last: BodyStep) -> ScriptedBody {
    ScriptedBody::new(CHUNKS.into_iter().chain([last]))
}

/// Neither once for every chunk, nor what was promised: one sample, of what passed.
#[test]
fn the_size_of_a_response_is_what_passed_until_its_end() {
    let declared = || chunks_and(BodyStep::End).with_exact_size();
    for (body, polls, bytes) in [
        (chunks_and(BodyStep::End), 4, 700.0),
        (declared(), 3, 700.0),
        (chunks_and(BodyStep::Trailers(HeaderMap::new())), 4, 700.0),
        (chunks_and(BodyStep::Error), 4, 700.0),
        (chunks_and(BodyStep::Panic), 4, 700.0),
        (declared(), 2, 300.0),
        (declared(), 0, 0.0),
        (ScriptedBody::new([]), 1, 0.0),
        (ScriptedBody::new([]).with_end_told(), 0, 0.0),
    ] {
        let measured = Measured::with(|builder| builder.with_response_size(Buckets::sizes()));
        let mut sent = measured.answer(Method::GET, Response::new(body.clone()));
        catch_scripted_panic(|| poll_frames(&mut sent, polls));
        drop(sent);
        let size = measured.histogram(RESPONSE_SIZE);
        assert_eq!(size, Some((1.0, bytes)), "{polls} polls of {body:?}");
    }
}

/// Of an answer that never came nothing was sent; it stays one sample per request.
#[test]
fn a_request_without_a_response_sent_no_bytes() {
    for steps in [&[][..], &[FutureStep::Error]] {
        let measured = Measured::with(|builder| builder.with_response_size(Buckets::sizes()));
        let service = ScriptedService::<ScriptedBody>::new(steps.iter().cloned());
        let _ = measured.call(Method::GET, service).poll();
        assert_eq!(measured.histogram(RESPONSE_SIZE), Some((1.0, 0.0)));
    }
}

/// What a server does not send of an answer to HEAD is not counted as sent.
#[test]
fn an_answer_to_head_has_no_size() {
    let measured = Measured::with(|builder| builder.with_response_size(Buckets::sizes()));
    let response = Response::new(chunks_and(BodyStep::End).with_exact_size());
    drop(measured.answer(Method::HEAD, response));
    let labels = [("method", "HEAD"), ("endpoint", ROUTE)];
    let scrape = measured.scrape();
    assert_eq!(scrape.value("http_response_size_bytes_count", &labels), Some(1.0));
    assert_eq!(scrape.value("http_response_size_bytes_sum", &labels), Some(0.0));
}

fn upload(body: ScriptedBody) -> Request<ScriptedBody> {
    Request::builder().extension(Route::from(ROUTE)).body(body).unwrap()
}

/// A handler that polls the request's body this often before it answers.
fn reading(
    polls: usize,
) -> impl FnMut(Request<RequestBody<ScriptedBody>>) -> Ready<Result<Response<String>, Infallible>> {
    move |request| {
        poll_frames(&mut task::spawn(request.into_body()), polls);
        ready(Ok(Response::new(String::new())))
    }
}

/// What a client announced, or the handler did not want, is not counted as received.
#[test]
fn the_size_of_a_request_is_what_was_read_of_it() {
    for (body, polls, bytes) in [
        (chunks_and(BodyStep::End), 4, 700.0),
        (chunks_and(BodyStep::Trailers(HeaderMap::new())), 4, 700.0),
        (chunks_and(BodyStep::Error), 4, 700.0),
        (chunks_and(BodyStep::End).with_exact_size(), 1, 300.0),
        (chunks_and(BodyStep::End).with_exact_size(), 0, 0.0),
        (ScriptedBody::new([]), 1, 0.0),
    ] {
        let measured = Measured::with(|builder| builder.with_request_size(Buckets::sizes()));
        let service = RequestSizeLayer::new().layer(service_fn(reading(polls)));
        assert!(measured.send(upload(body.clone()), service).poll().is_ready());
        let size = measured.histogram(REQUEST_SIZE);
        assert_eq!(size, Some((1.0, bytes)), "{polls} polls of {body:?}");
    }
}

/// A proxy still reads the request while the response is on its way.
#[test]
fn a_request_read_after_the_head_of_its_response_is_counted_too() {
    for (polls, bytes) in [(4, 700.0), (2, 300.0)] {
        let measured = Measured::with(|builder| {
            builder.with_request_size(Buckets::sizes()).with_response_size(Buckets::sizes())
        });
        let echo = service_fn(|request: Request<RequestBody<ScriptedBody>>| {
            ready(Ok::<_, Infallible>(Response::new(request.into_body())))
        });
        let service = RequestSizeLayer::new().layer(echo);
        let mut future = measured.send(upload(chunks_and(BodyStep::End)), service);
        let response = head(&mut future);
        poll_frames(&mut task::spawn(response.into_body()), polls);
        assert_eq!(measured.histogram(REQUEST_SIZE), Some((1.0, bytes)));
        assert_eq!(measured.histogram(RESPONSE_SIZE), Some((1.0, bytes)));
    }
}

/// A request whose handler never answered has the size that was read until then.
#[test]
fn a_cancelled_request_has_the_size_that_was_read() {
    let measured = Measured::with(|builder| builder.with_request_size(Buckets::sizes()));
    let stalled = service_fn(|request: Request<RequestBody<ScriptedBody>>| async move {
        poll_frames(&mut task::spawn(request.into_body()), 1);
        std::future::pending::<Result<Response<String>, Infallible>>().await
    });
    let service = RequestSizeLayer::new().layer(stalled);
    let mut future = measured.send(upload(chunks_and(BodyStep::End)), service);
    assert!(future.poll().is_pending());
    drop(future);
    assert_eq!(measured.histogram(REQUEST_SIZE), Some((1.0, 300.0)));
}

/// Two layers around each other, say with two exporters, count the same bytes.
#[test]
fn the_size_of_a_request_reaches_every_layer_around_it() {
    let sized = || Measured::with(|builder| builder.with_request_size(Buckets::sizes()));
    let [outer, inner] = [sized(), sized()];
    let service = RequestSizeLayer::new().layer(service_fn(reading(4)));
    let request = upload(chunks_and(BodyStep::End));
    assert!(outer.send(request, inner.layer.layer(service)).poll().is_ready());
    assert_eq!(inner.histogram(REQUEST_SIZE), Some((1.0, 700.0)));
    assert_eq!(outer.histogram(REQUEST_SIZE), Some((1.0, 700.0)));
}

/// Whoever reads a request sees what the client sent, whether it is measured or not.
#[test]
fn the_body_of_a_request_passes_as_it_is() {
    let steps = [
        BodyStep::Pending,
        BodyStep::Data(2),
        BodyStep::Trailers(HeaderMap::new()),
        BodyStep::Error,
        BodyStep::Data(1),
    ];
    let body = ScriptedBody::new(steps);
    for body in [body.clone(), body.with_exact_size().with_end_told()] {
        let expected = observe(&mut task::spawn(body.clone()));
        let observer = service_fn(|request: Request<RequestBody<ScriptedBody>>| {
            let observed = observe(&mut task::spawn(request.into_body()));
            assert_eq!(observed, expected);
            ready(Ok::<_, Infallible>(Response::new(String::new())))
        });
        let service = || RequestSizeLayer::new().layer(observer);
        let measured = Measured::with(|builder| builder.with_request_size(Buckets::sizes()));
        assert!(measured.send(upload(body.clone()), service()).poll().is_ready());
        assert_eq!(measured.histogram(REQUEST_SIZE), Some((1.0, 3.0)));

        let unasked = Measured::new();
        assert!(unasked.send(upload(body.clone()), service()).poll().is_ready());
        assert!(task::spawn(service().call(upload(body))).poll().is_ready());
    }
}

/// Sizes cost series, so nobody gets them unasked.
#[test]
fn sizes_are_off_by_default() {
    let measured = Measured::new();
    let service = RequestSizeLayer::new().layer(service_fn(reading(4)));
    assert!(measured.send(upload(chunks_and(BodyStep::End)), service).poll().is_ready());
    for name in [REQUEST_SIZE, RESPONSE_SIZE] {
        assert!(measured.scrape().family(name).is_none(), "{name}");
    }
}
