//! Recorders of others, which know no declarations, and forget what is not used.

use std::time::Duration;

use http::{Method, Response, StatusCode};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use metrics_util::MetricKindMask;
use tokio_test::task;
use tower::{Layer as _, Service as _};
use tower_metrics::backend::Describing;
use tower_metrics::{Buckets, MetricsLayer};
use tower_metrics_tests::exposition::{Exposition, Kind};
use tower_metrics_tests::scripted::{BodyStep, FutureStep, ScriptedBody, ScriptedService};

use super::measured::{ROUTE, answering, head, poll_frames, request};
use super::tally::Tally;
use super::time::with_time;

/// A layer that records into the recorder of somebody else.
fn measured_by(builder: PrometheusBuilder) -> (MetricsLayer, PrometheusHandle) {
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    let layer = MetricsLayer::builder().with_recorder(Describing::new(recorder));
    (layer.build().unwrap(), handle)
}

fn scrape(handle: &PrometheusHandle) -> Exposition {
    Exposition::parse(&handle.render()).unwrap()
}

fn response() -> Response<ScriptedBody> {
    Response::new(ScriptedBody::new([BodyStep::Data(3)]))
}

/// Sends a request and takes all of its answer.
fn send(layer: &MetricsLayer) {
    let mut service = layer.layer(answering(response()));
    let mut future = task::spawn(service.call(request(Method::GET, ROUTE)));
    poll_frames(&mut task::spawn(head(&mut future).into_body()), 2);
}

/// Counts are the same, and help texts are there; buckets are up to the recorder.
#[test]
fn a_recorder_of_others_counts_and_explains() {
    let edges = Buckets::light();
    for (builder, kind) in [
        (PrometheusBuilder::new(), Kind::Summary),
        (PrometheusBuilder::new().set_buckets(edges.edges()).unwrap(), Kind::Histogram),
    ] {
        let (layer, handle) = measured_by(builder);
        send(&layer);
        assert_eq!(Tally::of(&scrape(&handle)), Tally::once("GET", (200, None)));

        let failing = ScriptedService::<ScriptedBody>::new([FutureStep::Error]);
        let mut future = layer.layer(failing).call(request(Method::GET, ROUTE));
        assert!(task::spawn(&mut future).poll().is_ready());
        let scrape = scrape(&handle);
        assert_eq!(scrape.families().len(), 4);
        for family in scrape.families() {
            assert!(family.help().is_some_and(|help| !help.is_empty()), "{}", family.name());
        }
        assert_eq!(scrape.family("http_request_duration_seconds").unwrap().kind(), kind);
    }
}

/// A recorder that forgets a series whenever nothing happened to it between two scrapes.
fn forgetful() -> (MetricsLayer, PrometheusHandle) {
    let at_once = Some(Duration::from_nanos(1));
    measured_by(PrometheusBuilder::new().idle_timeout(MetricKindMask::ALL, at_once))
}

fn forget(handle: &PrometheusHandle) {
    for _ in 0..2 {
        handle.render();
    }
    assert_eq!(scrape(handle).series_count(), 0);
}

/// What is recorded after a pause goes into series that the recorder still knows.
#[test]
fn a_series_forgotten_in_a_pause_comes_back_with_the_next_request() {
    with_time(|time| {
        let (layer, handle) = forgetful();
        for _ in 0..3 {
            send(&layer);
            assert_eq!(Tally::of(&scrape(&handle)), Tally::once("GET", (200, None)));
            forget(&handle);
            time.pass(6);
        }
    });
}

/// A request that outlives its series is recorded all the same, and never counted out of a gauge
/// that did not count it in.
#[test]
fn a_request_that_outlives_its_series_is_recorded() {
    for it_ends_first in [true, false] {
        with_time(|time| {
            let (layer, handle) = forgetful();
            let mut service = layer.layer(answering(response()));
            let mut future = task::spawn(service.call(request(Method::GET, ROUTE)));
            let mut body = task::spawn(head(&mut future).into_body());
            forget(&handle);
            time.pass(6);
            if it_ends_first {
                poll_frames(&mut body, 2);
                send(&layer);
            } else {
                send(&layer);
                poll_frames(&mut body, 2);
            }
            let mut both = Tally::once("GET", (200, None));
            both.add(both.clone());
            assert_eq!(Tally::of(&scrape(&handle)), both);
        });
    }
}

/// Each series is forgotten by itself: that requests arrive says nothing about where those that end
/// are recorded, whether requests ended in that way before or not.
#[test]
fn endings_are_recorded_though_only_arrivals_happened_for_long() {
    for status in [StatusCode::OK, StatusCode::PARTIAL_CONTENT] {
        with_time(|time| {
            let (layer, handle) = forgetful();
            send(&layer);
            let mut bodies = Vec::new();
            for _ in 0..3 {
                time.pass(4);
                let mut stream = response();
                *stream.status_mut() = status;
                let mut service = layer.layer(answering(stream));
                let mut future = task::spawn(service.call(request(Method::GET, ROUTE)));
                bodies.push(task::spawn(head(&mut future).into_body()));
                forget(&handle);
            }
            for body in &mut bodies {
                poll_frames(body, 2);
            }
            let scrape = scrape(&handle);
            let durations = scrape.sum("http_request_duration_seconds_count", &[]);
            assert_eq!((scrape.sum("http_requests_total", &[]), durations), (Some(3.0), Some(3.0)));
        });
    }
}
