//! What all tests of this crate share: a private exporter, and a way to read it.
//!
//! Helpers that only some of them need are modules of their own beside this one, so that each
//! test says what it stands on.

use std::collections::BTreeMap;

use tower_metrics_prometheus::Exporter;

/// An exporter of the test's own.
pub(crate) fn private_exporter() -> Exporter {
    Exporter::builder().build().unwrap()
}

/// The series of one metric in the exporter's order, each as its label values and its value:
/// `GET /users/{id} 200 1`.
pub(crate) fn series(exporter: &Exporter, metric: &str) -> Vec<String> {
    let text = exporter.render();
    text.lines()
        .filter_map(|line| line.strip_prefix(metric)?.strip_prefix('{'))
        .map(|line| {
            let (labels, value) = line.rsplit_once("} ").unwrap();
            labels.split('"').skip(1).step_by(2).chain([value]).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

/// Checks what was counted, as `method endpoint status count` and `method endpoint reason count`;
/// and that the books balance: one duration for each request, and nothing in flight.
#[track_caller]
pub(crate) fn assert_counted(exporter: &Exporter, requests: &[&str], aborted: &[&str]) {
    let books = Books::of(exporter);
    assert_eq!(books.requests, requests);
    assert_eq!(books.aborted, aborted);
    assert!(books.balance(), "{books:#?}");
}

/// What an exporter shows about requests.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) requests: Vec<String>,
    pub(crate) aborted: Vec<String>,
    durations: Vec<String>,
    in_flight: Vec<String>,
}

impl Books {
    pub(crate) fn of(exporter: &Exporter) -> Self {
        Self {
            requests: series(exporter, "http_requests_total"),
            aborted: series(exporter, "http_requests_aborted_total"),
            durations: series(exporter, "http_request_duration_seconds_count"),
            in_flight: series(exporter, "http_requests_in_flight"),
        }
    }

    /// Whether every request was timed once, and none is in flight.
    pub(crate) fn balance(&self) -> bool {
        let mut counted = BTreeMap::<&str, u64>::new();
        for line in &self.requests {
            let (request, count) = line.rsplit_once(' ').unwrap();
            let (route, _status) = request.rsplit_once(' ').unwrap();
            *counted.entry(route).or_default() += count.parse::<u64>().unwrap();
        }
        let timed = self.durations.iter().map(|line| line.rsplit_once(' ').unwrap());
        let timed = timed.map(|(route, count)| (route, count.parse().unwrap())).collect();
        counted == timed && self.in_flight.iter().all(|line| line.ends_with(" 0"))
    }
}
