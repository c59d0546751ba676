//! What a scanner leaves behind: memory, samples and the size of a scrape, after requests that
//! nobody declared.

use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tower_metrics_overhead::report::{Finding, Report};
use tower_metrics_overhead::stats::Quartiles;
use tower_metrics_overhead::variant::{Framework, Routing, Variant};
use tower_metrics_overhead::workload::Mix;

use crate::child::{Part, Task};

/// How long a variant may take for the requests.
const PATIENCE: Duration = Duration::from_secs(8);

/// How long a variant may take for the scrape, which is longer than Prometheus waits.
const SCRAPE_PATIENCE: Duration = Duration::from_secs(15);

/// After how many requests the time is looked at.
const BATCH: u32 = 5_000;

/// After how many requests the background work of a library is done.
const UPKEEP: u32 = 50_000;

/// What is different in every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// The path, which no route matches.
    Paths,
    /// The method, on a path that a route matches.
    Methods,
}

impl Scan {
    fn requests(self) -> u32 {
        match self {
            Self::Paths => 200_000,
            Self::Methods => 50_000,
        }
    }

    fn scene(self) -> &'static str {
        match self {
            Self::Paths => "200 000 paths",
            Self::Methods => "50 000 methods",
        }
    }
}

/// Scans every variant of a framework, each in a process of its own.
pub(crate) fn measure(report: &mut Report, framework: Framework) {
    for scan in [Scan::Paths, Scan::Methods] {
        for variant in framework.variants().iter().filter(|variant| variant.is_measured()) {
            let task = Task::new(Part::Scan(scan), framework, variant.name());
            let output = task.command().output().unwrap();
            let Ok(found) = serde_json::from_slice::<Value>(&output.stdout) else {
                eprintln!("{} did not survive {}", variant.name(), scan.scene());
                continue;
            };
            let finding =
                || Finding::new("scanner", framework.name(), scan.scene()).of(variant.name());
            add(report, finding, &found);
        }
    }
}

fn add(report: &mut Report, finding: impl Fn() -> Finding, found: &Value) {
    let mut add = |metric, key, scale: f64, unit| {
        // A scrape that took too long has no numbers, and OpenTelemetry no text.
        if let Some(value) = found.get(key).and_then(Value::as_f64) {
            report.add(finding().with(metric, Quartiles::exact(value * scale), unit));
        }
    };
    add("requests", "requests", 1.0, "");
    add("memory", "memory_bytes", 1e-6, "MB");
    add("samples", "samples", 1.0, "");
    add("scrape size", "scrape_bytes", 1e-6, "MB");
    add("scrape time", "scrape_seconds", 1e3, "ms");
    if found.get("samples").is_none() {
        let patience = Quartiles::exact(SCRAPE_PATIENCE.as_secs_f64() * 1e3);
        report.add(finding().with("scrape given up after", patience, "ms"));
    }
}

/// Scans, and prints what was found.
#[expect(clippy::print_stdout, reason = "the other process reads it")]
pub(crate) fn run(variant: Variant, scan: Scan) {
    let mut subject = variant.subject(Mix::AllRoutes, Routing::Served);
    subject.answer(1_000);
    variant.upkeep();
    let before = resident_bytes();
    let begun = Instant::now();
    let mut requests = 0;
    while requests < scan.requests() && begun.elapsed() < PATIENCE {
        for sent in requests..requests + BATCH {
            match scan {
                Scan::Paths => subject.answer_to("GET", &format!("/scan/{sent}/x")),
                Scan::Methods => subject.answer_to(&format!("SCAN{sent}"), "/health"),
            }
        }
        requests += BATCH;
        if requests.is_multiple_of(UPKEEP) {
            variant.upkeep();
        }
    }
    variant.upkeep();
    let memory = before.zip(resident_bytes()).map(|(before, after)| after.saturating_sub(before));
    let mut found = json!({ "requests": requests, "memory_bytes": memory });

    let (send, scraped) = mpsc::channel();
    thread::spawn(move || {
        let begun = Instant::now();
        let scrape = variant.scrape();
        // Nobody listens any more if it took too long.
        let _ = send.send((scrape, begun.elapsed()));
    });
    if let (Ok((scrape, took)), Some(found)) =
        (scraped.recv_timeout(SCRAPE_PATIENCE), found.as_object_mut())
    {
        found.insert("samples".to_owned(), json!(scrape.samples));
        found.insert("scrape_bytes".to_owned(), json!(scrape.bytes));
        found.insert("scrape_seconds".to_owned(), json!(took.as_secs_f64()));
    }
    println!("{found}");
    // Freeing millions of samples one by one takes longer than all of the above.
    std::process::exit(0);
}

/// The memory of this process, where the kernel tells.
fn resident_bytes() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}
