//! What the tests share.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]
#![allow(dead_code, reason = "each test binary uses some of it")]
#![allow(clippy::allow_attributes, reason = "an expectation would fail where all is used")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tower_metrics_prometheus::Exporter;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

pub(crate) fn private_exporter() -> Exporter {
    Exporter::builder().build().unwrap()
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
