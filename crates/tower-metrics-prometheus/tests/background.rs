//! The exporter's thread, in a process where no other test starts one.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

use std::fs;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use metrics::with_local_recorder;
use tower_metrics_core::Backend as _;
use tower_metrics_prometheus::Exporter;

/// Nobody scrapes, no runtime runs, and still memory holds no more than one interval's samples;
/// the thread that sees to it ends with the last handle, whichever that is.
#[test]
fn upkeep_runs_by_itself_until_the_last_handle_is_gone() {
    let exporter =
        Exporter::builder().with_upkeep_interval(Duration::from_millis(5)).build().unwrap();
    let recorder = exporter.recorder();
    let histogram = with_local_recorder(&recorder, || metrics::histogram!("a_seconds"));
    wait_until("the thread has started", || threads() == 1);

    let before = resident_bytes();
    for _ in 0..20 {
        for _ in 0..100_000 {
            histogram.record(0.1);
        }
        // Several upkeep intervals; nothing is expected to happen on this channel.
        let (_open, nothing) = mpsc::channel::<()>();
        nothing.recv_timeout(Duration::from_millis(40)).unwrap_err();
    }
    // Kept until a scrape, the samples would take 32 MB.
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 16_000_000, "memory grew by {grown} bytes");
    let text = exporter.render();
    assert!(text.ends_with("a_seconds_count 2000000\n"), "{text}");

    drop(exporter);
    assert_eq!(threads(), 1);
    assert!(recorder.is_recording());
    drop(recorder);
    wait_until("the thread has ended", || threads() == 0);
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::yield_now();
    }
}

/// How many of this process' threads belong to exporters.
fn threads() -> usize {
    fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| name.trim() == "tower-metrics")
        .count()
}

fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}
