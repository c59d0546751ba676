//! What scraping costs those who are not scraping: the latency of requests with and without a
//! scrape twice a second, beside 6 000 label sets of which some are in use.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower_metrics_overhead::report::{Finding, Report};
use tower_metrics_overhead::stats::{Quartiles, quantile};
use tower_metrics_overhead::stores::{REFERENCE, Store, stores};
use tower_metrics_overhead::variant::OURS;

use crate::wire::Client;

const LABEL_SETS: usize = 6_000;
const ROUNDS: usize = 4;
const ROUND: Duration = Duration::from_secs(1);
const CLIENTS: usize = 2;

/// What is reported of the latencies: the names without and with scrapes, and the part below.
const QUANTILES: &[(&str, &str, f64)] = &[
    ("p50", "p50, scraped", 0.5),
    ("p99", "p99, scraped", 0.99),
    ("p99.9", "p99.9, scraped", 0.999),
];

/// Measures the reference and ours, as their documentation serves them, on two workers.
pub(crate) fn measure(report: &mut Report) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    for store in stores(LABEL_SETS) {
        if [REFERENCE, OURS].contains(&store.name()) {
            runtime.block_on(measure_store(report, store.into()));
        }
    }
}

async fn measure_store(report: &mut Report, store: Arc<dyn Store>) {
    store.record(1);
    let work = {
        let store = Arc::clone(&store);
        async move || {
            store.record(100);
            "done"
        }
    };
    let app = Router::new().route("/work", get(work)).route("/metrics", store.route());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(axum::serve(listener, app).into_future());

    round(address, Scraping::Never).await;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(round(address, Scraping::Never).await);
        with.push(round(address, Scraping::TwiceASecond).await);
    }
    let finding = || Finding::new("scrape", "latency", "6000 label sets").of(store.name());
    for (metric, metric_scraped, part) in QUANTILES {
        let of = |rounds: &[Vec<f64>]| -> Vec<f64> {
            rounds.iter().map(|latencies| quantile(latencies, *part)).collect()
        };
        let (without, with) = (of(&without), of(&with));
        let ratios = with.iter().zip(&without).map(|(with, without)| with / without);
        let ratio = Quartiles::of(ratios).median;
        report.add(finding().with(metric, Quartiles::of(without.iter().copied()), "µs"));
        let scraped = finding().with(metric_scraped, Quartiles::of(with), "µs");
        report.add(scraped.with_ratio(ratio));
    }
}

/// Whether somebody scrapes meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scraping {
    Never,
    TwiceASecond,
}

/// The sorted latencies of the requests of one round, in microseconds.
async fn round(address: SocketAddr, scraping: Scraping) -> Vec<f64> {
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(async move {
            let mut client = Client::connect(address).await.unwrap();
            let (begun, mut latencies) = (Instant::now(), Vec::new());
            while begun.elapsed() < ROUND {
                let sent = Instant::now();
                client.exchange(b"GET /work HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
                latencies.push(sent.elapsed().as_secs_f64() * 1e6);
            }
            latencies
        });
    }
    if scraping == Scraping::TwiceASecond {
        let scrapes = async {
            let mut pace = tokio::time::interval(Duration::from_millis(500));
            let mut client = Client::connect(address).await.unwrap();
            loop {
                pace.tick().await;
                client.exchange(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
            }
        };
        let _: Result<(), _> = timeout(ROUND, scrapes).await;
    }
    let mut latencies: Vec<f64> = clients.join_all().await.into_iter().flatten().collect();
    latencies.sort_by(f64::total_cmp);
    latencies
}
