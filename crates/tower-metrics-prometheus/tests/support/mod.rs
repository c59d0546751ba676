//! What the tests share.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]
#![allow(dead_code, reason = "each test binary uses some of it")]
#![allow(clippy::allow_attributes, reason = "an expectation would fail where all is used")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tower_metrics_core::{MetricSpec, Observation};
use tower_metrics_prometheus::Exporter;

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
