//! Requests that arrive on one thread and end on another.

use std::sync::{Arc, mpsc};
use std::thread;

use http::{Method, Response};
use tokio_test::task;
use tower::{Layer as _, Service as _};
use tower_metrics::{Exporter, MetricsLayer};
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

/// What a layer was built with goes with it: at once on the thread that drops it, and on others at
/// their next request, whichever layer that is of.
#[test]
fn nothing_is_kept_of_a_layer_that_is_gone() {
    let other = Measured::new();
    let held = Arc::new(());
    let (requests, next) = mpsc::channel::<MetricsLayer>();
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            for layer in next {
                send(&layer);
                drop(layer);
                tell.send(()).unwrap();
            }
        });
        let held_by_layer = Arc::clone(&held);
        let exporter = Exporter::builder().build().unwrap();
        let layer = MetricsLayer::builder()
            .with_recorder(exporter.recorder())
            .with_label_from_request("tenant", move |_| {
                let _ = &held_by_layer;
                None
            })
            .build()
            .unwrap();
        requests.send(layer.clone()).unwrap();
        told.recv().unwrap();
        send(&layer);
        drop(layer);
        requests.send(other.layer.clone()).unwrap();
        told.recv().unwrap();
        assert_eq!(Arc::strong_count(&held), 1);
        drop(requests);
    });
}

/// Sends a request through a clone of a service of `layer`, and takes all of its answer.
fn send(layer: &MetricsLayer) {
    let stream = Response::new(ScriptedBody::new([BodyStep::Data(3), BodyStep::End]));
    let service = layer.layer(answering(stream));
    let mut future = task::spawn(service.clone().call(request(Method::GET, ROUTE)));
    poll_frames(&mut task::spawn(head(&mut future).into_body()), 2);
}
