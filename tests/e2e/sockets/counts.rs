//! What was measured, once nothing is in flight.

use std::collections::BTreeMap;
use std::time::Duration;

use tower_metrics::Exporter;
use tower_metrics_tests::exposition::{Exposition, Sample};
use tower_metrics_tests::poll::wait_until;

use crate::service::SOON;

/// The labels that tell series apart, in the order in which a test names their values.
const LABELS: [&str; 5] = ["method", "endpoint", "status_code", "grpc_status", "reason"];

/// The counters of one request change one after the other, on whichever thread ended it.
const MOMENT: Duration = Duration::from_secs(5);

/// The values of the series of one name, by their label values with blanks between.
pub(crate) type Counts = BTreeMap<String, f64>;

/// Reads what was measured so far.
pub(crate) fn scrape(exporter: &Exporter) -> Exposition {
    Exposition::parse(&exporter.render()).unwrap()
}

/// Waits until this many requests have ended and none is in flight, with as many durations as
/// requests for every method and endpoint.
///
/// A client may have its whole answer a moment before the server has counted it.
pub(crate) async fn at_rest(exporter: &Exporter, requests: f64) -> Exposition {
    let rest = wait_until("rest", SOON, async || {
        Some(scrape(exporter)).filter(|scrape| {
            let ended = scrape.sum("http_requests_total", &[]).unwrap_or_default();
            ended >= requests && is_idle(scrape) && is_balanced(scrape)
        })
    });
    let rest = rest.await;
    assert!(rest.is_ok(), "no rest after {requests} requests:\n{}", exporter.render());
    rest.unwrap()
}

/// Waits for rest, and compares all that was counted: requests by status, aborted ones by reason.
pub(crate) async fn assert_counts(exporter: &Exporter, requests: &Counts, aborted: &Counts) {
    at_rest(exporter, requests.values().sum()).await;
    let read = || {
        let scrape = scrape(exporter);
        let counted = |name| counted(&scrape, name, &LABELS);
        (counted("http_requests_total"), counted("http_requests_aborted_total"))
    };
    let expected = (requests.clone(), aborted.clone());
    let agreement =
        wait_until("agreement", MOMENT, async || (read() == expected).then_some(())).await;
    if agreement.is_err() {
        let (requests_read, aborted_read) = read();
        assert_eq!(requests_read, *requests, "requests");
        assert_eq!(aborted_read, *aborted, "aborted requests");
    }
}

/// Adds up the series of one name by these labels; those that stand at zero are left out.
pub(crate) fn counted(scrape: &Exposition, name: &str, labels: &[&str]) -> Counts {
    let mut counts = Counts::new();
    for sample in scrape.samples().filter(|sample| sample.name() == name && sample.value() != 0.0) {
        *counts.entry(key(sample, labels)).or_default() += sample.value();
    }
    counts
}

fn key(sample: &Sample, labels: &[&str]) -> String {
    let values = labels.iter().filter_map(|label| sample.labels().get(*label));
    values.filter(|value| !value.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn is_idle(scrape: &Exposition) -> bool {
    let mut gauges = scrape.samples().filter(|sample| sample.name() == "http_requests_in_flight");
    gauges.all(|sample| sample.value() == 0.0)
}

fn is_balanced(scrape: &Exposition) -> bool {
    let counted = |name| counted(scrape, name, &["method", "endpoint"]);
    counted("http_requests_total") == counted("http_request_duration_seconds_count")
}
