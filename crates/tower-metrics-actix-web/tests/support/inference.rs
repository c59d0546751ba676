//! A registry of one model, and what was counted of its requests.

use tower_metrics_inference::Inference;
use tower_metrics_prometheus::Exporter;

use crate::support::{private_exporter, series};

/// The registry of one model, `resnet50`, with its exporter.
pub(crate) fn registry() -> (Exporter, Inference) {
    let exporter = private_exporter();
    let inference = Inference::builder().with_recorder(exporter.recorder()).with_tokens();
    let inference = inference.build().unwrap();
    inference.register("resnet50").unwrap();
    (exporter, inference)
}

/// The series of one metric that are not 0.
pub(crate) fn measured(exporter: &Exporter, metric: &str) -> Vec<String> {
    series(exporter, metric).into_iter().filter(|line| !line.ends_with(" 0")).collect()
}

/// All that was counted, less what is 0: `requests resnet50 success 1`.
pub(crate) fn inferred(exporter: &Exporter) -> Vec<String> {
    [
        ("requests", "inference_requests_total"),
        ("errors", "inference_errors_total"),
        ("durations", "inference_duration_seconds_count"),
        ("in_flight", "inference_in_flight_requests"),
    ]
    .into_iter()
    .flat_map(|(short, metric)| {
        measured(exporter, metric).into_iter().map(move |line| format!("{short} {line}"))
    })
    .collect()
}

#[track_caller]
pub(crate) fn assert_inferred(exporter: &Exporter, expected: &[&str]) {
    assert_eq!(inferred(exporter), expected);
}
