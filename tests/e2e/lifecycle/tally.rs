//! What was counted, in a form that can be compared with what should have been.

use std::collections::BTreeMap;

use tower_metrics_tests::exposition::{Exposition, Sample};

use super::measured::ROUTE;

/// How a request ended: its status, and the reason if it did not end well.
pub(super) type Ending = (u16, Option<&'static str>);

/// The counts of requests: all that is exposed about them, less how long they took.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Tally {
    /// `http_requests_total` by method, endpoint and status code.
    requests: BTreeMap<[String; 3], f64>,
    /// The count of `http_request_duration_seconds` by method and endpoint.
    durations: BTreeMap<[String; 2], f64>,
    /// `http_requests_aborted_total` by method, endpoint and reason.
    aborted: BTreeMap<[String; 3], f64>,
    /// `http_requests_in_flight` by method.
    in_flight: BTreeMap<[String; 1], f64>,
}

impl Tally {
    /// One request for [`ROUTE`], which ended, and none in flight.
    pub(super) fn once(method: &str, ending: Ending) -> Self {
        let mut tally = Self::default();
        tally.arrive(method);
        tally.end(method, ROUTE, ending);
        tally
    }

    /// Reads the counts from a scrape, and asserts that they have these labels and no more.
    pub(super) fn of(scrape: &Exposition) -> Self {
        Self {
            requests: by(scrape, "http_requests_total", ["method", "endpoint", "status_code"]),
            durations: by(scrape, "http_request_duration_seconds_count", ["method", "endpoint"]),
            aborted: by(scrape, "http_requests_aborted_total", ["method", "endpoint", "reason"]),
            in_flight: by(scrape, "http_requests_in_flight", ["method"]),
        }
    }

    /// Counts a request in.
    pub(super) fn arrive(&mut self, method: &str) {
        *self.in_flight.entry([method.to_owned()]).or_default() += 1.0;
    }

    /// Counts a request out, and nothing else.
    pub(super) fn leave(&mut self, method: &str) {
        *self.in_flight.entry([method.to_owned()]).or_default() -= 1.0;
    }

    /// Counts a request out, and records how it ended.
    pub(super) fn end(&mut self, method: &str, endpoint: &str, (status, reason): Ending) {
        self.leave(method);
        let [method, endpoint] = [method, endpoint].map(str::to_owned);
        let route = [method.clone(), endpoint.clone()];
        *self.durations.entry(route).or_default() += 1.0;
        let request = [method.clone(), endpoint.clone(), status.to_string()];
        *self.requests.entry(request).or_default() += 1.0;
        if let Some(reason) = reason {
            let aborted = [method, endpoint, reason.to_owned()];
            *self.aborted.entry(aborted).or_default() += 1.0;
        }
    }

    /// Whether every request that arrived has ended.
    pub(super) fn is_at_rest(&self) -> bool {
        self.in_flight.values().all(|in_flight| *in_flight == 0.0)
    }

    /// Adds what was counted elsewhere.
    pub(super) fn add(&mut self, other: Self) {
        add(&mut self.requests, other.requests);
        add(&mut self.durations, other.durations);
        add(&mut self.aborted, other.aborted);
        add(&mut self.in_flight, other.in_flight);
    }
}

fn by<const N: usize>(
    scrape: &Exposition,
    name: &str,
    labels: [&str; N],
) -> BTreeMap<[String; N], f64> {
    let values = |sample: &Sample| {
        assert_eq!(sample.labels().len(), N, "{sample:?}");
        labels.map(|label| sample.labels().get(label).unwrap().clone())
    };
    let samples = scrape.samples().filter(|sample| sample.name() == name);
    samples.map(|sample| (values(sample), sample.value())).collect()
}

fn add<K: Ord>(sums: &mut BTreeMap<K, f64>, summands: BTreeMap<K, f64>) {
    for (key, value) in summands {
        *sums.entry(key).or_default() += value;
    }
}
