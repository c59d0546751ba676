//! Scrapers that never read on, in a process whose memory is their own.

#[path = "support/client.rs"]
mod client;
mod support;

use std::io::Read as _;

use tower_metrics_tests::memory::resident_bytes;

use client::{get, send};
use support::exporter_with_a_long_text;

/// Each of them began an answer of 20 MB, and has a rendering to itself; what is kept for them is
/// bounded, and whoever reads gets everything.
#[test]
fn scrapers_that_stall_cannot_fill_the_memory() {
    let exporter = exporter_with_a_long_text();
    let listener = exporter.listen(0).unwrap();
    let before = resident_bytes().unwrap();
    let mut stalled = Vec::new();
    for _ in 0..40 {
        let mut scraper = send(listener.address(), "GET /metrics HTTP/1.1");
        let mut beginning = [0; 100];
        scraper.read_exact(&mut beginning).unwrap();
        stalled.push(scraper);
    }
    let grown = resident_bytes().unwrap().saturating_sub(before);
    // All of them would be 800 MB.
    assert!(grown < 200_000_000, "memory grew by {grown} bytes");
    assert!(get(listener.address(), "/metrics").1.ends_with("z_total 19\n"));
}
