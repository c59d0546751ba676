//! Requests that are there before the recorder.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{Method, Response};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tokio_test::task;
use tower::{Layer as _, Service as _};
use tower_metrics::backend::Operation;
use tower_metrics::{Backend, DeclareError, Exporter, ExporterRecorder, MetricSpec, MetricsLayer};
use tower_metrics_tests::exposition::Exposition;
use tower_metrics_tests::scripted::{BodyStep, ScriptedBody};

use super::measured::{ROUTE, answering, head, poll_frames, request};
use super::tally::Tally;
use super::time::with_time;

/// An exporter that is installed later; until then nothing is recorded.
#[derive(Clone)]
pub(super) struct Late {
    recorder: ExporterRecorder,
    pub(super) installed: Arc<AtomicBool>,
}

impl Late {
    /// One that was installed already.
    pub(super) fn installed() -> Self {
        let recorder = Exporter::builder().build().unwrap().recorder();
        Self { recorder, installed: Arc::new(AtomicBool::new(true)) }
    }

    fn is_installed(&self) -> bool {
        self.installed.load(Ordering::Relaxed)
    }
}

impl Backend for Late {
    fn declare(&self, specs: &[MetricSpec]) -> Result<(), DeclareError> {
        self.recorder.declare(specs)
    }

    fn is_recording(&self) -> bool {
        self.is_installed()
    }

    fn keeps_handles(&self) -> bool {
        self.is_installed()
    }

    fn register_operation(
        &self,
        operation: &Operation<'_>,
        metadata: &Metadata<'_>,
    ) -> Option<Histogram> {
        self.recorder.register_operation(operation, metadata)
    }
}

impl Recorder for Late {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        let noop = Counter::noop();
        if self.is_installed() { self.recorder.register_counter(key, metadata) } else { noop }
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        let noop = Gauge::noop();
        if self.is_installed() { self.recorder.register_gauge(key, metadata) } else { noop }
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        let noop = Histogram::noop();
        if self.is_installed() { self.recorder.register_histogram(key, metadata) } else { noop }
    }
}

/// A request that nobody could count in is not counted out; its end is recorded all the same.
#[test]
fn a_request_from_before_the_recorder_leaves_nothing_in_flight() {
    // Though no time passes in between.
    with_time(|_| {
        let exporter = Exporter::builder().build().unwrap();
        let installed = Arc::new(AtomicBool::new(false));
        let late = Late { recorder: exporter.recorder(), installed: Arc::clone(&installed) };
        let layer = MetricsLayer::builder().with_recorder(late).build().unwrap();

        let stream = || Response::new(ScriptedBody::new([BodyStep::Data(3), BodyStep::End]));
        let start = || {
            let mut service = layer.layer(answering(stream()));
            let mut future = task::spawn(service.call(request(Method::GET, ROUTE)));
            task::spawn(head(&mut future).into_body())
        };
        // So that its handles are there, which do nothing.
        poll_frames(&mut start(), 2);
        let mut before = start();
        installed.store(true, Ordering::Relaxed);
        let mut behind = start();
        poll_frames(&mut before, 2);
        poll_frames(&mut behind, 2);

        let mut both = Tally::once("GET", (200, None));
        both.add(both.clone());
        assert_eq!(Tally::of(&Exposition::parse(&exporter.render()).unwrap()), both);
    });
}
