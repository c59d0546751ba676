//! Pushes at an interval, and their end.

mod support;

use std::net::TcpListener;
use std::time::Duration;

use tower_metrics_push::PushError;
use tower_metrics_tests::poll::wait_until_blocking;
use tower_metrics_tests::scripted_gateway::{OK, ScriptedGateway, Step, nobody};

use self::support::{exporter, gateway_at, increment, text};

/// Longer than any test: what is pushed meanwhile is not pushed because of it.
const NEVER: Duration = Duration::from_secs(3600);

/// At once, and then again and again, each time with what was recorded by then.
#[test]
fn the_first_push_is_made_at_once_and_others_follow() {
    let server = ScriptedGateway::start(&[OK]);
    let exporter = exporter(1);
    let pusher = gateway_at(server.address()).build().unwrap();
    let periodic = pusher.push_every(Duration::ZERO, &exporter).unwrap();
    assert_eq!(server.request().body, text(1));
    increment(&exporter, 1);
    wait_until_blocking("the new count is pushed", || server.request().body == text(2)).unwrap();
    wait_until_blocking("both were counted", || periodic.succeeded() >= 2).unwrap();
    assert_eq!(periodic.failed(), 0);
    assert!(periodic.last_error().is_none());
    periodic.shutdown_blocking().unwrap();
}

/// In every way in which the handle can go.
#[test]
fn a_last_push_carries_what_was_recorded_since() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for end in ["shutdown", "shutdown_blocking", "drop", "forget the future"] {
        let server = ScriptedGateway::start(&[OK]);
        let (pusher, exporter) = (gateway_at(server.address()).build().unwrap(), exporter(1));
        let periodic = pusher.push_every(NEVER, &exporter).unwrap();
        assert_eq!(server.request().body, text(1), "{end}");
        increment(&exporter, 1);
        match end {
            "shutdown" => runtime.block_on(periodic.shutdown()).unwrap(),
            "shutdown_blocking" => periodic.shutdown_blocking().unwrap(),
            "drop" => drop(periodic),
            _ => drop(periodic.shutdown()),
        }
        let last = server.request();
        assert_eq!(
            (last.line(), last.body.as_str()),
            ("PUT /metrics/job/nightly", &*text(2)),
            "{end}"
        );
    }
}

/// Where the task that holds the handle goes down with its runtime.
#[test]
fn a_last_push_is_made_when_the_runtime_is_dropped() {
    let server = ScriptedGateway::start(&[OK]);
    let (pusher, exporter) = (gateway_at(server.address()).build().unwrap(), exporter(1));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let recorded = exporter.clone();
    runtime.spawn(async move {
        let _periodic = pusher.push_every(NEVER, &recorded).unwrap();
        std::future::pending::<()>().await;
    });
    assert_eq!(server.request().body, text(1));
    increment(&exporter, 1);
    drop(runtime);
    assert_eq!(server.requests().pop().unwrap().body, text(2));
}

/// And when it panics.
#[test]
fn a_last_push_is_made_by_a_job_that_panics() {
    let server = ScriptedGateway::start(&[OK]);
    let (pusher, exporter) = (gateway_at(server.address()).build().unwrap(), exporter(1));
    let periodic = pusher.push_every(NEVER, &exporter).unwrap();
    assert_eq!(server.request().body, text(1));
    let job = std::thread::spawn(move || {
        let _periodic = periodic;
        increment(&exporter, 1);
        panic!("a panic on purpose");
    });
    job.join().unwrap_err();
    assert_eq!(server.requests().pop().unwrap().body, text(2));
}

/// Without waiting for the interval, and with nothing lost.
#[test]
fn a_gateway_that_was_down_gets_everything_when_it_is_back() {
    let address = nobody();
    let (pusher, exporter) = (gateway_at(address).build().unwrap(), exporter(1));
    let periodic = pusher.push_every(NEVER, &exporter).unwrap();
    wait_until_blocking("some attempts have failed", || periodic.failed() > 5).unwrap();
    assert!(periodic.last_error().unwrap().is_connect());
    increment(&exporter, 1);

    let server = ScriptedGateway::listen(TcpListener::bind(address).unwrap(), &[Step::Reset, OK]);
    wait_until_blocking("a push has arrived", || periodic.succeeded() == 1).unwrap();
    assert!(periodic.last_error().is_none());
    assert_eq!(server.request().body, text(2));
    periodic.shutdown_blocking().unwrap();
    assert_eq!(server.requests().len(), 1);
}

/// It would be refused again, and the interval is how often that is worth a try.
#[test]
fn a_refusal_is_tried_again_at_the_interval_only() {
    let refused = Step::Answer("HTTP/1.1 400 Bad Request\r\n\r\nwhy");
    let server = ScriptedGateway::start(&[refused]);
    let (pusher, exporter) = (gateway_at(server.address()).build().unwrap(), exporter(1));
    let periodic = pusher.push_every(NEVER, &exporter).unwrap();
    wait_until_blocking("the push has failed", || periodic.failed() == 1).unwrap();
    assert_eq!(periodic.last_error().unwrap().status(), Some(400));
    server.request();
    assert!(!server.receives_soon());
    assert_eq!(periodic.shutdown_blocking().unwrap_err().status(), Some(400));
    assert_eq!(server.requests().len(), 1);

    let server = ScriptedGateway::start(&[refused, refused, OK]);
    let pusher = gateway_at(server.address()).build().unwrap();
    let periodic = pusher.push_every(Duration::from_millis(1), &exporter).unwrap();
    wait_until_blocking("a later push has arrived", || periodic.succeeded() >= 1).unwrap();
    drop(periodic);
}

/// Whoever shuts down learns that the last push, and so the run, did not arrive.
#[test]
fn the_last_push_is_tried_again_and_reports_its_error() {
    let server = ScriptedGateway::start(&[OK, Step::Close, Step::Close, OK]);
    let pusher = gateway_at(server.address()).with_retries(2).build().unwrap();
    let periodic = pusher.push_every(NEVER, &exporter(1)).unwrap();
    wait_until_blocking("the first push has arrived", || periodic.succeeded() == 1).unwrap();
    periodic.shutdown_blocking().unwrap();
    assert_eq!(server.requests().len(), 4);

    let pusher = gateway_at(nobody()).build().unwrap();
    let periodic = pusher.push_every(NEVER, &exporter(1)).unwrap();
    assert!(periodic.shutdown_blocking().unwrap_err().is_connect());
}

/// Only the time bounds it; if nothing did, this test would not end.
#[test]
fn a_gateway_that_hangs_delays_the_end_no_longer_than_the_timeout() {
    let server = ScriptedGateway::start(&[Step::Stall("")]);
    let gateway = gateway_at(server.address()).with_total_timeout(Duration::from_millis(50));
    let pusher = gateway.with_retries(u32::MAX).build().unwrap();
    let periodic = || {
        let periodic = pusher.push_every(NEVER, &exporter(1)).unwrap();
        server.request();
        periodic
    };
    drop(periodic());
    assert!(periodic().shutdown_blocking().unwrap_err().is_timeout());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(runtime.block_on(periodic().shutdown()).unwrap_err().is_timeout());
}

/// Broken off, it might arrive after the last one, and put older counts in its place.
#[test]
fn an_attempt_under_way_is_finished_before_the_last_push() {
    let server = ScriptedGateway::start(&[Step::Stall(""), OK]);
    let (pusher, exporter) = (gateway_at(server.address()).build().unwrap(), exporter(1));
    let periodic = pusher.push_every(NEVER, &exporter).unwrap();
    assert_eq!(server.request().body, text(1));
    increment(&exporter, 1);
    let shutdown = std::thread::spawn(move || periodic.shutdown_blocking());
    assert!(!server.closes_soon() && server.requests().is_empty());
    server.answer_stalled("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    shutdown.join().unwrap().unwrap();
    assert_eq!(server.request().body, text(2));
}

/// It is shown where a handle is.
#[test]
fn the_handle_is_debugged_with_its_counts() {
    let pusher = gateway_at(nobody()).build().unwrap();
    let periodic = pusher.push_every(NEVER, &exporter(1)).unwrap();
    wait_until_blocking("an attempt has failed", || periodic.failed() > 0).unwrap();
    let debugged = format!("{periodic:?}");
    assert!(debugged.contains("succeeded: 0") && debugged.contains("Connect"), "{debugged}");
    let error: PushError = periodic.shutdown_blocking().unwrap_err();
    assert!(error.is_transient());
}
