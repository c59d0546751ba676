//! A panic is told from a cancellation, whoever catches it, and whenever the request is dropped.

use std::panic::resume_unwind;

use http::{Method, Request, Response};
use tokio_test::task;
use tower::{Layer as _, Service as _};
use tower_http::catch_panic::CatchPanicLayer;
use tower_metrics_tests::scripted::{
    BodyStep, FutureStep, ScriptedBody, ScriptedService, catch_scripted_panic,
};

use super::measured::{Measured, ROUTE, answering, head, poll_frames, request};
use super::tally::Tally;

type Service = ScriptedService<ScriptedBody>;

/// A handler that panics before it returns a future.
#[test]
fn a_panic_in_call_is_counted_as_panic() {
    let measured = Measured::new();
    let service = Service::new([]).with_panic_in_call();
    assert!(catch_scripted_panic(|| measured.call(Method::GET, service)).is_none());
    assert_eq!(measured.tally(), Tally::once("GET", (500, Some("panic"))));
}

/// A runtime catches the panic of a task and drops its future only then; that adds nothing.
#[test]
fn a_panic_in_poll_is_counted_at_once_and_not_again_when_dropped() {
    for pending in 0..3 {
        let measured = Measured::new();
        let mut steps = vec![FutureStep::Pending; pending];
        steps.push(FutureStep::Panic);
        let mut future = measured.call(Method::GET, Service::new(steps));
        for _ in 0..pending {
            assert!(future.poll().is_pending());
        }
        assert!(catch_scripted_panic(|| future.poll()).is_none());
        assert_eq!(measured.tally(), Tally::once("GET", (500, Some("panic"))));
        drop(future);
        assert_eq!(measured.tally(), Tally::once("GET", (500, Some("panic"))));
    }
}

/// The head was sent with its status, which stays; that the body panicked is the reason.
#[test]
fn a_panic_in_the_body_is_counted_under_the_status_that_was_sent() {
    for steps in [&[][..], &[BodyStep::Data(3)], &[BodyStep::Pending]] {
        let measured = Measured::new();
        let panicking = [steps, &[BodyStep::Panic]].concat();
        let response = Response::new(ScriptedBody::new(panicking));
        let mut body = measured.answer(Method::GET, response);
        poll_frames(&mut body, steps.len());
        assert!(catch_scripted_panic(|| poll_frames(&mut body, 1)).is_none());
        assert_eq!(measured.tally(), Tally::once("GET", (200, Some("panic"))));
        drop(body);
        assert_eq!(measured.tally(), Tally::once("GET", (200, Some("panic"))));
    }
}

/// A panic that became a response further in is a response like any other.
#[test]
fn a_panic_caught_inside_of_the_layer_is_a_complete_500() {
    for service in [
        Service::new([FutureStep::Panic]),
        Service::new([FutureStep::Pending, FutureStep::Panic]),
        Service::new([]).with_panic_in_call(),
    ] {
        let measured = Measured::new();
        let service = CatchPanicLayer::new().layer(service);
        let mut future = measured.call(Method::GET, service);
        let mut body = task::spawn(head(&mut future).into_body());
        poll_frames(&mut body, 2);
        assert_eq!(measured.tally(), Tally::once("GET", (500, None)));
    }
}

/// A panic that becomes a response further out is still the service's own, and one request.
#[test]
fn a_panic_caught_outside_of_the_layer_is_counted_as_panic() {
    for service in [
        Service::new([FutureStep::Panic]),
        Service::new([FutureStep::Pending, FutureStep::Panic]),
        Service::new([]).with_panic_in_call(),
    ] {
        let measured = Measured::new();
        let mut service = CatchPanicLayer::new().layer(measured.layer.layer(service));
        let mut future = task::spawn(service.call(request(Method::GET, ROUTE)));
        let response = head(&mut future);
        assert_eq!(response.status(), 500);
        assert_eq!(measured.tally(), Tally::once("GET", (500, Some("panic"))));
        drop((future, response));
        assert_eq!(measured.tally(), Tally::once("GET", (500, Some("panic"))));
    }
}

/// What the service did not do is not blamed on it: it was merely dropped.
#[test]
fn a_panic_further_out_drops_the_request_like_any_other_drop() {
    let panic = || drop(Service::new([]).with_panic_in_call().call(Request::new(())));
    let measured = Measured::new();
    let future = measured.call(Method::GET, Service::new([FutureStep::Pending]));
    let panicked = catch_scripted_panic(|| {
        let _held = future;
        panic();
    });
    assert!(panicked.is_none());
    assert_eq!(measured.tally(), Tally::once("GET", (499, Some("cancelled"))));

    let measured = Measured::new();
    let body = ScriptedBody::new([BodyStep::Data(3)]);
    let body = measured.answer(Method::GET, Response::new(body));
    let panicked = catch_scripted_panic(|| {
        let _held = body;
        panic();
    });
    assert!(panicked.is_none());
    assert_eq!(measured.tally(), Tally::once("GET", (200, Some("body_dropped"))));
}

/// Metrics are never the reason for a failure: a function for a label that panics leaves the label
/// empty, and the request is answered and counted.
#[test]
fn a_panic_in_a_label_function_leaves_the_request_alone() {
    let measured = Measured::with(|builder| {
        builder
            .with_label_from_request("tenant", |_| resume_unwind(Box::new("no tenant")))
            .with_label_from_response("cache", |_| resume_unwind(Box::new("no cache")))
            .without_requests(|_| resume_unwind(Box::new("no answer")))
    });
    let mut future = measured.call(Method::GET, answering(Response::new(ScriptedBody::new([]))));
    assert!(future.poll().is_ready());
    drop(future);
    let scrape = measured.scrape();
    let labels = [("tenant", ""), ("cache", ""), ("status_code", "200")];
    assert_eq!(scrape.sum("http_requests_total", &labels), Some(1.0));
}
