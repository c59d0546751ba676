//! Each way in which a request can end: what it is counted as.

use http::{Method, Response};
use tower_metrics::middleware::Unmeasured;
use tower_metrics_tests::scripted::{BodyStep, FutureStep, ScriptedBody, ScriptedService};

use super::measured::{Measured, head, poll_frame, poll_frames};
use super::tally::Tally;

fn response(status: u16, steps: &[BodyStep]) -> Response<ScriptedBody> {
    let body = ScriptedBody::new(steps.iter().cloned());
    Response::builder().status(status).body(body).unwrap()
}

/// Whatever its status, a response that reached its end is counted under it, and as no abort.
#[test]
fn a_response_sent_to_its_end_is_counted_under_its_status() {
    for status in [200, 404, 503, 999] {
        let measured = Measured::new();
        let steps = [BodyStep::Pending, BodyStep::Data(3), BodyStep::Pending, BodyStep::Data(2)];
        let answer = FutureStep::Answer(response(status, &steps));
        let service = ScriptedService::new([FutureStep::Pending, answer]);

        let mut future = measured.call(Method::POST, service);
        let mut body = tokio_test::task::spawn(head(&mut future).into_body());
        poll_frames(&mut body, 5);
        assert_eq!(measured.tally(), Tally::once("POST", (status, None)));
        drop((future, body));
        assert_eq!(measured.tally(), Tally::once("POST", (status, None)));
    }
}

/// A client that goes away before there is a head is counted as cancelled, polled or not.
#[test]
fn a_request_dropped_before_its_head_is_counted_as_cancelled() {
    for polls in 0..4 {
        let measured = Measured::new();
        let service = ScriptedService::<ScriptedBody>::new(vec![FutureStep::Pending; polls]);
        let mut future = measured.call(Method::GET, service);
        for _ in 0..polls {
            assert!(future.poll().is_pending());
        }
        drop(future);
        assert_eq!(measured.tally(), Tally::once("GET", (499, Some("cancelled"))));
    }
}

/// An error instead of a response is counted as what a server makes of it, before it is dropped.
#[test]
fn an_error_of_the_service_is_counted_as_service_error() {
    for pending in 0..3 {
        let measured = Measured::new();
        let mut steps = vec![FutureStep::Pending; pending];
        steps.push(FutureStep::Error);
        let mut future = measured.call(Method::GET, ScriptedService::<ScriptedBody>::new(steps));
        for _ in 0..pending {
            assert!(future.poll().is_pending());
        }
        assert!(matches!(future.poll(), std::task::Poll::Ready(Err(_))));
        assert_eq!(measured.tally(), Tally::once("GET", (500, Some("service_error"))));
        drop(future);
        assert_eq!(measured.tally(), Tally::once("GET", (500, Some("service_error"))));
    }
}

/// The head was sent with its status, which stays; that the body failed is the reason.
#[test]
fn a_body_that_fails_midway_is_counted_as_body_error() {
    for steps in [&[][..], &[BodyStep::Data(3)], &[BodyStep::Data(3), BodyStep::Pending]] {
        let measured = Measured::new();
        let failing = [steps, &[BodyStep::Error]].concat();
        let mut body = measured.answer(Method::GET, response(206, &failing));
        poll_frames(&mut body, steps.len());
        assert!(matches!(poll_frame(&mut body), std::task::Poll::Ready(Some(Err(_)))));
        assert_eq!(measured.tally(), Tally::once("GET", (206, Some("body_error"))));
        drop(body);
        assert_eq!(measured.tally(), Tally::once("GET", (206, Some("body_error"))));
    }
}

/// A client that goes away while it is answered, even before the first byte.
#[test]
fn a_body_dropped_midway_is_counted_as_body_dropped() {
    let steps = [BodyStep::Data(3), BodyStep::Pending, BodyStep::Data(3), BodyStep::Data(3)];
    for polls in 0..=steps.len() {
        let measured = Measured::new();
        let mut body = measured.answer(Method::GET, response(200, &steps));
        poll_frames(&mut body, polls);
        drop(body);
        assert_eq!(measured.tally(), Tally::once("GET", (200, Some("body_dropped"))));
    }
}

/// A response dropped as a whole, as a middleware does that answers something else instead.
#[test]
fn a_response_dropped_unread_is_counted_as_body_dropped() {
    let measured = Measured::new();
    let answer = FutureStep::Answer(response(200, &[BodyStep::Data(3)]));
    let mut future = measured.call(Method::GET, ScriptedService::new([answer]));
    drop(head(&mut future));
    assert_eq!(measured.tally(), Tally::once("GET", (200, Some("body_dropped"))));
}

/// What is left out by its response was in flight until then, and is counted if there is none.
#[test]
fn a_request_left_out_by_its_response_is_forgotten_with_its_head() {
    let mut unmeasured = response(200, &[BodyStep::Data(3), BodyStep::Error]);
    unmeasured.extensions_mut().insert(Unmeasured::new());
    let service = ScriptedService::new([FutureStep::Pending, FutureStep::Answer(unmeasured)]);
    let mut expected = Tally::default();
    expected.arrive("GET");

    let measured = Measured::new();
    let mut future = measured.call(Method::GET, service.clone());
    assert!(future.poll().is_pending());
    assert_eq!(measured.tally(), expected);
    let mut body = tokio_test::task::spawn(head(&mut future).into_body());
    expected.leave("GET");
    assert_eq!(measured.tally(), expected);
    poll_frames(&mut body, 2);
    drop(body);
    assert_eq!(measured.tally(), expected);

    let measured = Measured::new();
    drop(measured.call(Method::GET, service));
    assert_eq!(measured.tally(), Tally::once("GET", (499, Some("cancelled"))));
}

/// Until it ends, a request is in flight and nothing else.
#[test]
fn a_request_is_in_flight_from_its_arrival_to_its_end() {
    let measured = Measured::new();
    let mut arrived = Tally::default();
    arrived.arrive("PUT");

    let answer = FutureStep::Answer(response(200, &[BodyStep::Pending, BodyStep::Data(3)]));
    let service = ScriptedService::new([FutureStep::Pending, answer]);
    let mut future = measured.call(Method::PUT, service);
    assert_eq!(measured.tally(), arrived);
    assert!(future.poll().is_pending());
    assert_eq!(measured.tally(), arrived);
    let mut body = tokio_test::task::spawn(head(&mut future).into_body());
    for _ in 0..2 {
        poll_frames(&mut body, 1);
        assert_eq!(measured.tally(), arrived);
    }
    poll_frames(&mut body, 1);
    assert_eq!(measured.tally(), Tally::once("PUT", (200, None)));
}
