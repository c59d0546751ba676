//! Neither the service nor the server notices the layer.

use std::task::Poll;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use tokio_test::task;
use tower::Layer as _;
use tower_metrics_tests::exposition::Exposition;
use tower_metrics_tests::scripted::{
    BodyStep, FutureStep, ScriptedBody, ScriptedError, ScriptedService,
};

use super::measured::{Measured, answering, head, observe, poll_frame, poll_frames};
use super::tally::Tally;

/// Every frame, hint and wake-up of a body is that of the body inside, at every poll.
#[test]
fn a_body_passes_as_it_is() {
    let name = HeaderName::from_static("x-checksum");
    let trailers = HeaderMap::from_iter([(name, HeaderValue::from_static("1"))]);
    let steps = [
        BodyStep::Pending,
        BodyStep::Data(2),
        BodyStep::Data(0),
        BodyStep::Data(3),
        BodyStep::Trailers(trailers),
        BodyStep::End,
        BodyStep::Data(1),
        BodyStep::Error,
    ];
    let silent = ScriptedBody::new(steps);
    for body in [
        silent.clone(),
        silent.clone().with_exact_size(),
        silent.clone().with_end_told(),
        silent.with_exact_size().with_end_told(),
        ScriptedBody::new([BodyStep::Data(2), BodyStep::Error, BodyStep::Pending]),
        ScriptedBody::new([]).with_end_told(),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let measured = Measured::new();
            let mut wrapped = measured.answer(method, Response::new(body.clone()));
            assert_eq!(observe(&mut wrapped), observe(&mut task::spawn(body.clone())));
        }
    }
}

/// Bodies that must not move once they are polled need no box.
#[test]
fn a_body_that_is_not_unpin_is_measured() {
    let measured = Measured::new();
    let body = ScriptedBody::new([BodyStep::Data(2), BodyStep::Pending, BodyStep::Data(3)]);
    let mut body = measured.answer(Method::GET, Response::new(body.pinned()));
    poll_frames(&mut body, 4);
    assert_eq!(measured.tally(), Tally::once("GET", (200, None)));
}

/// Status, version and headers of a response, and what others put into its extensions.
#[test]
fn the_head_of_a_response_passes_as_it_is() {
    let response = Response::builder()
        .status(StatusCode::IM_A_TEAPOT)
        .version(Version::HTTP_2)
        .header("x-a", "1")
        .header("x-a", "2")
        .extension("somebody else's")
        .body(ScriptedBody::new([]))
        .unwrap();
    let measured = Measured::new();
    let mut future = measured.call(Method::GET, answering(response.clone()));
    let (head, _) = head(&mut future).into_parts();
    let (expected, _) = response.into_parts();
    assert_eq!((head.status, head.version), (expected.status, expected.version));
    assert_eq!(head.headers, expected.headers);
    assert_eq!(head.extensions.get::<&str>(), Some(&"somebody else's"));
}

/// The error is the service's own, and who waits for an answer is woken by the service.
#[test]
fn pending_and_errors_of_the_future_pass_as_they_are() {
    let measured = Measured::new();
    let steps = [FutureStep::<ScriptedBody>::Pending, FutureStep::Error];
    let mut future = measured.call(Method::GET, ScriptedService::new(steps));
    assert!(future.poll().is_pending() && future.is_woken());
    assert_eq!(future.poll().map(|answer| answer.map(drop)), Poll::Ready(Err(ScriptedError)));
}

/// A service that sheds load has not taken the request, so there is none to count.
#[test]
fn readiness_passes_as_it_is_and_is_no_request() {
    let measured = Measured::new();
    let readiness = [Poll::Pending, Poll::Ready(Err(ScriptedError))];
    let service = ScriptedService::<ScriptedBody>::new([]).with_readiness(readiness);
    let mut service = task::spawn(measured.layer.layer(service));
    let mut poll_ready = || {
        let ready = service
            .enter(|cx, mut service| tower::Service::<Request<()>>::poll_ready(&mut *service, cx));
        (ready, service.is_woken())
    };
    assert_eq!(poll_ready(), (Poll::Pending, true));
    assert_eq!(poll_ready(), (Poll::Ready(Err(ScriptedError)), false));
    assert_eq!(poll_ready(), (Poll::Ready(Ok(())), false));
    drop(service);
    assert_eq!(measured.scrape(), Exposition::parse("").unwrap());
}

/// A layer alone, or a service that nobody calls, leaves no trace.
#[test]
fn a_service_that_is_never_called_records_nothing() {
    let measured = Measured::new();
    let service = measured.layer.layer(ScriptedService::<ScriptedBody>::new([]));
    drop((service.clone(), service));
    assert_eq!(measured.scrape(), Exposition::parse("").unwrap());
}

/// Whoever polls a future on after it answered gets what the service gives, and counts nothing.
#[test]
fn a_future_polled_after_its_answer_is_not_counted_again() {
    let again = [
        FutureStep::Answer(Response::new(ScriptedBody::new([BodyStep::Data(1)]))),
        FutureStep::Error,
    ];
    for (first, ending) in [
        (FutureStep::Answer(Response::new(ScriptedBody::new([]).with_end_told())), (200, None)),
        (FutureStep::Error, (500, Some("service_error"))),
    ] {
        let measured = Measured::new();
        let steps = [&[first][..], &again].concat();
        let mut future = measured.call(Method::GET, ScriptedService::new(steps));
        assert!(future.poll().is_ready());
        let Poll::Ready(Ok(response)) = future.poll() else { panic!("no second answer") };
        poll_frames(&mut task::spawn(response.into_body()), 2);
        assert!(matches!(future.poll(), Poll::Ready(Err(ScriptedError))));
        drop(future);
        assert_eq!(measured.tally(), Tally::once("GET", ending));
    }
}

/// Whoever polls a body on after its end gets what the body gives, and counts nothing.
#[test]
fn a_body_polled_after_its_end_is_not_counted_again() {
    for (end, reason) in [(BodyStep::End, None), (BodyStep::Error, Some("body_error"))] {
        let measured = Measured::new();
        let steps = [BodyStep::Data(2), end, BodyStep::Data(2), BodyStep::Error, BodyStep::End];
        let response = Response::new(ScriptedBody::new(steps));
        let mut body = measured.answer(Method::GET, response);
        poll_frames(&mut body, 2);
        assert!(matches!(poll_frame(&mut body), Poll::Ready(Some(Ok(_)))));
        poll_frames(&mut body, 3);
        drop(body);
        assert_eq!(measured.tally(), Tally::once("GET", (200, reason)));
    }
}
