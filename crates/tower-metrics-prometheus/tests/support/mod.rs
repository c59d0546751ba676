//! What the tests share.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]
#![allow(dead_code, reason = "each test binary uses some of it")]
#![allow(clippy::allow_attributes, reason = "an expectation would fail where all is used")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tower_metrics_core::{MetricSpec, Observation};
use tower_metrics_prometheus::Exporter;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

pub(crate) fn private_exporter() -> Exporter {
    Exporter::builder().build().unwrap()
}

/// Keeps whoever renders in a closure for as long as the lock is held, and counts the renderings.
pub(crate) fn hold_up(exporter: &Exporter) -> (Arc<Mutex<()>>, Arc<AtomicUsize>, Observation) {
    let (gate, renderings) = (Arc::new(Mutex::new(())), Arc::new(AtomicUsize::new(0)));
    let (lock, count) = (Arc::clone(&gate), Arc::clone(&renderings));
    let observation = exporter
        .gauge_fn(MetricSpec::gauge("renderings"), &[], move || {
            let rendering = count.fetch_add(1, Ordering::Relaxed) + 1;
            drop(lock.lock().unwrap());
            rendering
        })
        .unwrap();
    (gate, renderings, observation)
}

/// Its text is more than fits into the buffers of a connection: 20 MB.
pub(crate) fn exporter_with_a_long_text() -> Exporter {
    let exporter = private_exporter();
    let padding = "x".repeat(1_000);
    metrics::with_local_recorder(&exporter.recorder(), || {
        for i in 0..1_400 {
            metrics::histogram!("a", "i" => format!("{i}{padding}")).record(1.0);
        }
        metrics::counter!("z_total").increment(19);
    });
    exporter
}

/// The lines of an exposition that begin like this.
pub(crate) fn lines(exporter: &Exporter, beginning: &str) -> Vec<String> {
    let text = exporter.render();
    text.lines().filter(|line| line.starts_with(beginning)).map(str::to_owned).collect()
}

pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::yield_now();
    }
}

/// Runs `f`, and returns what was logged on this thread meanwhile.
pub(crate) fn logged(f: impl FnOnce()) -> Vec<String> {
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), f);
    let lines = log.lines.lock().unwrap();
    lines.clone()
}

/// Keeps warnings and errors, each as one line with all its fields.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.lines.lock().unwrap().push(line.0);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        use std::fmt::Write as _;
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}
