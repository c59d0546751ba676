//! The settings by which the migration pages keep a peer's names, beside that peer: the same
//! requests leave the same series.
//!
//! ```sh
//! cargo test -p tower-metrics-overhead --features peers --test migration
//! ```
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

mod actix_web;
mod axum;

use std::collections::BTreeMap;

/// Method, path, and how often. All meet a route: those that meet none are counted differently.
const REQUESTS: [(&str, &str, usize); 4] =
    [("GET", "/users/7", 3), ("GET", "/users/8", 1), ("POST", "/users", 2), ("GET", "/fails", 1)];

/// The series of an exposition, with their labels in the order of names, and their values where
/// these say how much there was, not how long it took.
fn series(text: &str) -> BTreeMap<String, Option<f64>> {
    let samples = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    samples.map(sample).filter(|(series, _)| !series.contains("_sum{")).collect()
}

fn sample(line: &str) -> (String, Option<f64>) {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = series.split_once('{').unwrap();
    let labels = labels.strip_suffix("\"}").unwrap();
    let mut labels: Vec<&str> = labels.split("\",").collect();
    labels.sort_unstable();
    let series = format!("{name}{{{}\"}}", labels.join("\","));
    let depends_on_time = series.contains("le=\"") && !series.contains("le=\"+Inf\"");
    let value = Some(value.parse().unwrap()).filter(|_| !depends_on_time);
    (series, value)
}

/// Fails with what only one of the two has.
#[track_caller]
fn assert_same(peer: &str, ours: &str) {
    let (peer, ours) = (series(peer), series(ours));
    let names: Vec<&String> = peer.keys().collect();
    assert!(!names.is_empty());
    assert_eq!(ours.keys().collect::<Vec<_>>(), names);
    assert_eq!(ours, peer);
}
