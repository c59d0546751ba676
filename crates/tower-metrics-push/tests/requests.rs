//! What is sent, and what it is made of.

mod support;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tower_metrics_core::MetricSpec;
use tower_metrics_prometheus::{CONTENT_TYPE, Exporter};
use tower_metrics_push::{PushError, PushGateway, PushGatewayError};
use tower_metrics_tests::scripted_gateway::{OK, Request, ScriptedGateway, Step};

use self::support::{exporter, gateway_at, increment, text};

/// The three verbs of the gateway.
#[test]
fn each_way_to_push_has_its_method() {
    let server = ScriptedGateway::start(&[OK]);
    let pusher = gateway_at(server.address()).with_grouping("shard", "3").build().unwrap();
    let exporter = exporter(7);
    pusher.push_blocking(&exporter).unwrap();
    pusher.add_blocking(&exporter).unwrap();
    pusher.delete_blocking().unwrap();
    let requests = server.requests();
    let path = "/metrics/job/nightly/shard/3";
    let lines: Vec<&str> = requests.iter().map(Request::line).collect();
    assert_eq!(lines, [format!("PUT {path}"), format!("POST {path}"), format!("DELETE {path}")]);
    let bodies: Vec<&str> = requests.iter().map(|request| &*request.body).collect();
    assert_eq!(bodies, [&*text(7), &text(7), ""]);
}

/// HTTP/1.1 as every proxy understands it: a length, and no chunks.
#[test]
fn the_headers_are_those_of_the_text_format() {
    let server = ScriptedGateway::start(&[OK]);
    let gateway = gateway_at(server.address()).with_header("x-scope-orgid", "tenant-1");
    gateway.build().unwrap().push_blocking(&exporter(1)).unwrap();
    let request = server.request();
    assert_eq!(request.header("host"), Some(&*server.address().to_string()));
    assert_eq!(request.header("content-type"), Some(CONTENT_TYPE));
    assert_eq!(request.header("content-length"), Some(&*request.body.len().to_string()));
    assert_eq!(request.header("x-scope-orgid"), Some("tenant-1"));
    assert!(request.header("user-agent").unwrap().starts_with("tower-metrics-push/"));
    assert_eq!(request.header("authorization"), None);
}

/// From a setter, or from the URL.
#[test]
fn credentials_go_with_the_push() {
    let server = ScriptedGateway::start(&[OK]);
    let url = format!("http://Aladdin:open%20sesame@{}/prefix/", server.address());
    let gateway = PushGateway::new(&url).unwrap().with_job("a job");
    let basic = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
    for (gateway, expected) in [
        (gateway.clone(), basic),
        (gateway_at(server.address()).with_basic_auth("Aladdin", "open sesame"), basic),
        (gateway.clone().with_basic_auth("", ""), "Basic Og=="),
        (gateway.clone().with_bearer_token("token"), "Bearer token"),
        (gateway.clone().with_header("Authorization", "Custom x"), "Custom x"),
    ] {
        gateway.build().unwrap().push_blocking(&exporter(1)).unwrap();
        assert_eq!(server.request().header("authorization"), Some(expected));
    }
    gateway.build().unwrap().delete_blocking().unwrap();
    let request = server.request();
    assert_eq!(request.line(), "DELETE /prefix/metrics/job@base64/YSBqb2I=");
    assert_eq!(request.header("host"), Some(&*server.address().to_string()));
}

/// It is asked when it is pushed, by the exporter's thread, and never in between.
#[test]
fn scrape_time_gauges_are_read_at_the_push() {
    let server = ScriptedGateway::start(&[Step::Close, OK]);
    let exporter = Exporter::builder().build().unwrap();
    let (reads, is_elsewhere) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(true)));
    let (count, elsewhere, here) =
        (Arc::clone(&reads), Arc::clone(&is_elsewhere), thread::current().id());
    let spec = MetricSpec::gauge("queue_length");
    let gauge = exporter.gauge_fn(spec, &[], move || {
        elsewhere.fetch_and(thread::current().id() != here, Ordering::Relaxed);
        count.fetch_add(1, Ordering::Relaxed) + 1
    });
    let pusher = gateway_at(server.address()).build().unwrap();
    assert_eq!(reads.load(Ordering::Relaxed), 0);
    pusher.push_blocking(&exporter).unwrap();
    pusher.delete_blocking().unwrap();
    pusher.add_blocking(&exporter).unwrap();
    // Once a push, whatever number of attempts that took.
    let bodies: Vec<String> = server.requests().into_iter().map(|request| request.body).collect();
    let text = |read: u64| format!("# TYPE queue_length gauge\nqueue_length {read}\n");
    assert_eq!(bodies, [text(1), text(1), String::new(), text(2)]);
    assert!(is_elsewhere.load(Ordering::Relaxed));
    drop(gauge);
}

/// The next push carries it.
#[test]
fn a_failed_push_loses_nothing() {
    let refused = Step::Answer("HTTP/1.1 400 Bad Request\r\n\r\n");
    let server = ScriptedGateway::start(&[refused, Step::Reset, OK]);
    let (pusher, exporter) =
        (gateway_at(server.address()).without_retries().build().unwrap(), exporter(3));
    pusher.push_blocking(&exporter).unwrap_err();
    increment(&exporter, 4);
    pusher.push_blocking(&exporter).unwrap_err();
    increment(&exporter, 5);
    pusher.push_blocking(&exporter).unwrap();
    assert_eq!(server.requests().last().unwrap().body, text(12));
}

/// More than what fits into the buffers of a connection.
#[test]
fn a_long_text_arrives_whole() {
    let server = ScriptedGateway::start(&[OK]);
    let exporter = Exporter::builder().build().unwrap();
    metrics::with_local_recorder(&exporter.recorder(), || {
        for i in 0..10_000 {
            metrics::counter!("a_total", "i" => format!("{i:0>1000}")).increment(1);
        }
    });
    gateway_at(server.address()).build().unwrap().push_blocking(&exporter).unwrap();
    let body = server.request().body;
    assert!(body.len() > 10_000_000 && body == exporter.render());
}

/// A closure that hangs holds up no job for ever.
#[test]
fn a_rendering_that_hangs_times_out() {
    let server = ScriptedGateway::start(&[OK]);
    let exporter = Exporter::builder().build().unwrap();
    let gate = Arc::new(Mutex::new(()));
    let (lock, spec) = (Arc::clone(&gate), MetricSpec::gauge("hangs"));
    let gauge = exporter.gauge_fn(spec, &[], move || {
        drop(lock.lock().unwrap());
        1_u8
    });
    let closed = gate.lock().unwrap();
    let pusher =
        gateway_at(server.address()).with_total_timeout(Duration::from_millis(50)).build().unwrap();
    assert!(pusher.push_blocking(&exporter).unwrap_err().is_timeout());
    drop(closed);
    drop(gauge);
    assert_eq!(server.requests().len(), 0);
}

/// Before the job runs, and not at its end.
#[test]
fn what_cannot_be_pushed_to_is_refused_when_it_is_built() {
    let gateway = || PushGateway::new("http://gateway:9091").unwrap();
    let error = |gateway: PushGateway| gateway.build().unwrap_err();
    assert!(matches!(error(gateway()), PushGatewayError::MissingJob));
    assert!(matches!(error(gateway().with_job("")), PushGatewayError::MissingJob));
    assert_eq!(gateway().job(), "");
    let gateway = || gateway().with_job("nightly");
    assert_eq!(gateway().job(), "nightly");
    let grouping = error(gateway().with_grouping("job", "x"));
    assert!(matches!(&grouping, PushGatewayError::InvalidGrouping { name, .. } if name == "job"));
    let long = error(gateway().with_grouping("a", "x".repeat(70_000)));
    assert!(matches!(long, PushGatewayError::InvalidUrl { .. }));
    let header = error(gateway().with_header("content-type", "text/html"));
    assert!(matches!(header, PushGatewayError::InvalidHeader { .. }));
    let token = error(gateway().with_bearer_token("two words"));
    assert!(matches!(token, PushGatewayError::InvalidCredentials { .. }));
    // The other line end, as of a file that was read.
    assert!(PushGateway::new("http://gateway:9091\n").is_err());
}

/// Whoever passes them around asks for that.
#[test]
fn everything_can_be_sent_to_threads_and_tasks() {
    fn check<T: Send + Sync + 'static>() {}
    fn check_future<T: Send + 'static>() {}
    check::<PushGateway>();
    check::<tower_metrics_push::Pusher>();
    check::<tower_metrics_push::PeriodicPush>();
    check::<PushError>();
    check::<PushGatewayError>();
    check_future::<tower_metrics_push::PushFuture>();
    check_future::<tower_metrics_push::Shutdown>();
}
