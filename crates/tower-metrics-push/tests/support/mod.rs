//! What the tests push, and how.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]
#![allow(dead_code, reason = "each test binary uses some of it")]
#![allow(clippy::allow_attributes, reason = "an expectation would fail where all is used")]

use std::net::SocketAddr;
use std::time::Duration;

use tower_metrics_prometheus::Exporter;
use tower_metrics_push::PushGateway;
use tower_metrics_tests::scripted_gateway::SOON;

/// A gateway that is tried again at once, and given up only where it hangs.
pub(crate) fn gateway_at(address: SocketAddr) -> PushGateway {
    PushGateway::new(&format!("http://{address}"))
        .unwrap()
        .with_job("nightly")
        .with_backoff(Duration::from_millis(1), Duration::from_millis(5))
        .with_total_timeout(SOON)
        .with_timeout(SOON)
}

/// An exporter in which a counter stands at `count`.
pub(crate) fn exporter(count: u64) -> Exporter {
    let exporter = Exporter::builder().build().unwrap();
    increment(&exporter, count);
    exporter
}

pub(crate) fn increment(exporter: &Exporter, count: u64) {
    metrics::with_local_recorder(&exporter.recorder(), || {
        metrics::counter!("rows_total").increment(count);
    });
}

pub(crate) fn text(count: u64) -> String {
    format!("# TYPE rows_total counter\nrows_total {count}\n")
}
