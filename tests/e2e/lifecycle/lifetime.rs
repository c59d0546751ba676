//! What is kept of a layer that is gone.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, mpsc};
use std::thread;

use http::{Method, Response};
use tokio_test::task;
use tower::{Layer as _, Service as _};
use tower_metrics::MetricsLayer;
use tower_metrics_tests::scripted::{BodyStep, ScriptedBody, ScriptedService};

use super::late::Late;
use super::measured::{ROUTE, answering, head, poll_frames, request};

/// A layer, and what its recorder holds.
fn layer() -> (MetricsLayer, Arc<AtomicBool>) {
    let recorder = Late::installed();
    let held = Arc::clone(&recorder.installed);
    (MetricsLayer::builder().with_recorder(recorder).build().unwrap(), held)
}

fn answer() -> ScriptedService<ScriptedBody> {
    answering(Response::new(ScriptedBody::new([BodyStep::Data(3), BodyStep::End])))
}

/// Sends a request through a clone of a service, and takes all of its answer.
fn send(layer: &MetricsLayer) {
    let service = layer.layer(answer());
    let mut future = task::spawn(service.clone().call(request(Method::GET, ROUTE)));
    poll_frames(&mut task::spawn(head(&mut future).into_body()), 2);
}

/// Whichever is dropped last: the layer, a clone of its service, or the body of a response.
#[test]
fn nothing_is_kept_of_what_a_layer_was_built_with() {
    let (layer_last, held) = layer();
    send(&layer_last);
    drop(layer_last);
    assert_eq!(Arc::strong_count(&held), 1);

    let (layer_first, held) = layer();
    send(&layer_first);
    let service = layer_first.layer(answer());
    let clone = service.clone();
    drop((layer_first, service));
    assert!(Arc::strong_count(&held) > 1);
    drop(clone);
    assert_eq!(Arc::strong_count(&held), 1);

    let (layer_first, held) = layer();
    send(&layer_first);
    let mut service = layer_first.layer(answer());
    let mut future = task::spawn(service.call(request(Method::GET, ROUTE)));
    let body = head(&mut future).into_body();
    drop((layer_first, service, future));
    assert!(Arc::strong_count(&held) > 1);
    drop(body);
    assert_eq!(Arc::strong_count(&held), 1);
}

/// Whichever threads called the services, and though these go on.
#[test]
fn threads_keep_nothing_of_a_layer_that_is_gone() {
    let (layer, held) = layer();
    let (sent, is_sent) = mpsc::channel();
    let (goes_on, end) = mpsc::channel::<()>();
    let clone = layer.clone();
    let other = thread::spawn(move || {
        send(&clone);
        drop(clone);
        sent.send(()).unwrap();
        end.recv().unwrap_err();
    });
    is_sent.recv().unwrap();
    send(&layer);
    drop(layer);
    assert_eq!(Arc::strong_count(&held), 1);
    drop(goes_on);
    other.join().unwrap();
}
