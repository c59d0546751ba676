//! Requests that arrive on one thread and end on another.

use std::thread;

use http::{Method, Response};
use tokio_test::task;
use tower::{Layer as _, Service as _};
use tower_metrics_tests::scripted::{BodyStep, ScriptedBody};

use super::measured::{Measured, ROUTE, answering, head, poll_frames, request};
use super::tally::Tally;

/// Whichever threads a service, its future and its body go through, and though those have ended
/// since, each request is one.
#[test]
fn a_request_is_one_on_however_many_threads() {
    let measured = Measured::new();
    let stream = Response::new(ScriptedBody::new([BodyStep::Data(3), BodyStep::End]));
    let service = measured.layer.layer(answering(stream));
    let mut tally = Tally::default();
    for _ in 0..100 {
        let service = service.clone();
        let cloned = thread::scope(|scope| scope.spawn(|| service.clone()).join().unwrap());
        let called = thread::spawn(move || {
            let mut service = cloned;
            service.call(request(Method::GET, ROUTE))
        });
        let mut future = task::spawn(called.join().unwrap());
        let body = thread::spawn(move || head(&mut future).into_body()).join().unwrap();
        thread::spawn(move || poll_frames(&mut task::spawn(body), 2)).join().unwrap();
        tally.add(Tally::once("GET", (200, None)));
        assert_eq!(measured.tally(), tally);
    }
}
