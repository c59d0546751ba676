//! A gateway that is down for long. A process of its own, since it watches its memory.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

mod support;

use std::fs;
use std::time::Duration;

use tower_metrics_tests::memory::resident_bytes;
use tower_metrics_tests::poll::wait_until_blocking;
use tower_metrics_tests::scripted_gateway::nobody;

use self::support::{exporter, gateway_at, increment};

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Nothing is queued: as much as before, after 400 more attempts, each of 100 KB.
#[test]
fn a_gateway_that_is_down_takes_no_memory() {
    let exporter = exporter(1);
    metrics::with_local_recorder(&exporter.recorder(), || {
        metrics::counter!("long_total", "text" => "x".repeat(100_000)).increment(1);
    });
    let gateway = gateway_at(nobody()).with_backoff(Duration::ZERO, Duration::ZERO);
    let pusher = gateway.without_retries().build().unwrap();
    let periodic = pusher.push_every(Duration::from_secs(3600), &exporter).unwrap();
    wait_until_blocking("some attempts have failed", || periodic.failed() > 100).unwrap();
    let (memory, files) = (resident_bytes().unwrap(), open_files());
    wait_until_blocking("more attempts have failed", || {
        increment(&exporter, 1);
        periodic.failed() > 500
    })
    .unwrap();
    let grown = resident_bytes().unwrap().saturating_sub(memory);
    assert!(grown < 16 * 1024 * 1024, "{grown} bytes more");
    assert!(open_files() <= files + 2, "{files} files open, then {}", open_files());
    periodic.shutdown_blocking().unwrap_err();
}
