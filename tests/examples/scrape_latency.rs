//! What scraping costs those who are not scraping: the latency of requests with and without a
//! scrape twice a second, beside 6 000 series of a 12-bucket histogram that are in use.
//!
//! ```sh
//! cargo run --release -p tower-metrics-tests --example scrape_latency
//! ```
//!
//! Rounds with and without scrapes take turns in one run; compare the ratio, not the times.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that prints")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use metrics::{Histogram, Key, Label, Level, Metadata, Recorder as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower_metrics::axum::RouterExt as _;
use tower_metrics::{Buckets, Exporter, MetricSpec};
use tower_metrics_tests::http;

const SERIES: usize = 6_000;
const ROUNDS: u32 = 5;
const ROUND: Duration = Duration::from_secs(2);
const CLIENTS: usize = 2;

#[tokio::main]
async fn main() {
    let exporter = Exporter::builder().build().unwrap();
    let histograms = histograms(&exporter);
    let app = Router::new().route(
        "/work",
        get(async move || {
            for histogram in histograms.iter().step_by(100) {
                histogram.record(0.01);
            }
            "done"
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, app.with_metrics(&exporter)).into_future());

    round(address, false).await;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.extend(round(address, false).await);
        with.extend(round(address, true).await);
    }
    let bytes = exporter.render().len();
    for quantile in [0.5, 0.99] {
        let (quiet, scraped) = (pick(&mut without, quantile), pick(&mut with, quantile));
        let ratio = scraped.as_secs_f64() / quiet.as_secs_f64();
        println!(
            "{{\"quantile\":{quantile},\"without_us\":{},\"with_us\":{},\"ratio\":{ratio:.2},\"series\":{SERIES},\"scrape_bytes\":{bytes}}}",
            quiet.as_micros(),
            scraped.as_micros(),
        );
    }
}

fn histograms(exporter: &Exporter) -> Vec<Histogram> {
    let edges = (0..12).map(|power| f64::from(1 << power) / 1000.0);
    let spec = MetricSpec::histogram("work_seconds", Buckets::new(edges).unwrap());
    exporter.declare(&[spec.with_help("Work.").with_labels(["part"])]).unwrap();
    let metadata = Metadata::new("scrape_latency", Level::INFO, None);
    let recorder = exporter.recorder();
    (0..SERIES)
        .map(|part| {
            let labels = vec![Label::new("part", part.to_string())];
            recorder.register_histogram(&Key::from_parts("work_seconds", labels), &metadata)
        })
        .collect()
}

/// The latencies of the requests of one round.
async fn round(address: SocketAddr, scraped: bool) -> Vec<Duration> {
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(async move {
            let mut latencies = Vec::new();
            let begun = Instant::now();
            while begun.elapsed() < ROUND {
                let sent = Instant::now();
                http::get(&format!("http://{address}/work")).await.unwrap();
                latencies.push(sent.elapsed());
            }
            latencies
        });
    }
    if scraped {
        let scrapes = async {
            let mut pace = tokio::time::interval(Duration::from_millis(500));
            loop {
                pace.tick().await;
                http::get(&format!("http://{address}/metrics")).await.unwrap();
            }
        };
        let _: Result<(), _> = timeout(ROUND, scrapes).await;
    }
    clients.join_all().await.into_iter().flatten().collect()
}

fn pick(latencies: &mut [Duration], quantile: f64) -> Duration {
    latencies.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "an index into what was counted"
    )]
    let index = ((latencies.len() - 1) as f64 * quantile) as usize;
    latencies.get(index).copied().unwrap_or_default()
}
