//! The exporter's thread, in a process where no other test starts one.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

use std::fs;

use metrics::with_local_recorder;
use tower_metrics_core::Backend as _;
use tower_metrics_prometheus::Exporter;
use tower_metrics_tests::memory::resident_bytes;
use tower_metrics_tests::poll::wait_until_blocking;

/// Nobody scrapes, no runtime runs, and still two million samples take no memory; none of them is
/// lost to the scrapes of somebody else.
#[test]
fn samples_take_no_memory_and_the_thread_ends_with_the_last_exporter() {
    let exporter = Exporter::builder().build().unwrap();
    let recorder = exporter.recorder();
    let histogram = with_local_recorder(&recorder, || metrics::histogram!("a_seconds"));
    wait_until_blocking("the thread has started", || threads() == 1).unwrap();

    let before = resident_bytes().unwrap();
    for _ in 0..2_000_000 {
        histogram.record(0.125);
    }
    // Kept until a scrape, the samples would take 32 MB.
    let grown = resident_bytes().unwrap().saturating_sub(before);
    assert!(grown < 8_000_000, "memory grew by {grown} bytes");
    assert!(exporter.render().ends_with("a_seconds_sum 250000\na_seconds_count 2000000\n"));

    let clone = exporter.clone();
    drop(exporter);
    assert_eq!(threads(), 1);
    drop(clone);
    wait_until_blocking("the thread has ended", || threads() == 0).unwrap();
    assert!(recorder.is_recording());
}

/// How many of this process' threads belong to exporters.
fn threads() -> usize {
    fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| name.trim() == "tower-metrics")
        .count()
}
