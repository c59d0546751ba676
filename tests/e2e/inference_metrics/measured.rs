//! What a scrape says about the requests of models.

use std::collections::BTreeMap;

use tower_metrics_tests::exposition::Exposition;

pub(super) const RESNET50: (&str, &str) = ("model_name", "resnet50");
pub(super) const BERT_BASE: (&str, &str) = ("model_name", "bert-base");

/// Expects these requests, each with model and status, and no other.
#[track_caller]
pub(super) fn assert_requests<const N: usize>(scrape: &Exposition, requests: [(&str, u32); N]) {
    let samples = scrape.family("inference_requests_total").unwrap().samples();
    let counted = samples.iter().filter(|sample| sample.value() > 0.0).map(|sample| {
        let labels = sample.labels();
        (format!("{} {}", labels["model_name"], labels["status"]), sample.value())
    });
    let expected = requests.map(|(key, count)| (key.to_owned(), f64::from(count)));
    assert_eq!(counted.collect::<BTreeMap<_, _>>(), BTreeMap::from(expected));
}

/// Expects that nothing is going on, and that each request with a duration has one.
#[track_caller]
pub(super) fn assert_at_rest(scrape: &Exposition) {
    for gauge in
        ["in_flight", "waiting", "running"].map(|what| format!("inference_{what}_requests"))
    {
        for sample in scrape.family(&gauge).unwrap().samples() {
            assert!(sample.value().abs() < 0.5, "{sample:?}");
        }
    }
    assert_eq!(scrape.value("inference_queue_length", &[]), Some(0.0));
    let all = scrape.sum("inference_requests_total", &[]).unwrap();
    let rejected = scrape.sum("inference_requests_total", &[("status", "rejected")]).unwrap();
    let durations = scrape.sum("inference_duration_seconds_count", &[]);
    assert_eq!(durations, Some(all - rejected));
}
