//! Every query of the guide, as it stands there, put to a real Prometheus that scrapes the example.
//!
//! All series but those of `unknown` are at zero in the first sample, so that Prometheus scales
//! every increase by the same factor, and what is divided by something else is exact.

#![expect(clippy::indexing_slicing, reason = "a series that is missing fails its test")]

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use http::Method;
use serde_json::json;
use tower_metrics_tests::exposition::{Exposition, Family, Sample};
use tower_metrics_tests::http::Request;
use tower_metrics_tests::poll::wait_until;
use tower_metrics_tests::prometheus::{Prometheus, ScrapeJob};

use crate::service::{Framework, SOON, Service, for_each_framework, input_taking};

for_each_framework![every_query_of_the_guide_returns_what_the_traffic_implies];

const SUCCESS_RATE: &str = r#"rate(inference_requests_total{status="success"}[5m])"#;
const ERROR_INCREASE: &str = r#"increase(inference_requests_total{status="error"}[1h])"#;
const ERROR_RATE: &str = r#"(
rate(inference_requests_total{status="error"}[5m])
/
rate(inference_requests_total[5m])
) * 100"#;
const NOT_LOADED: &str = "model_loaded == 0";
const GPU_MEMORY: &str = "gpu_memory_used_bytes / (24 * 1024 * 1024 * 1024) * 100";
const MEAN_QUEUE: &str = "avg_over_time(inference_queue_length[10m])";
const P99_OF_RESNET50: &str = r#"histogram_quantile(0.99,
rate(inference_duration_seconds_bucket{model_name="resnet50"}[5m])
)"#;
const P50: &str = "histogram_quantile(0.50, rate(inference_duration_seconds_bucket[5m]))";
const P95: &str = "histogram_quantile(0.95, rate(inference_duration_seconds_bucket[5m]))";
const MEAN: &str = "rate(inference_duration_seconds_sum[5m])
/ rate(inference_duration_seconds_count[5m])";
const P99_OF_ALL: &str = "histogram_quantile(0.99,
sum(rate(inference_duration_seconds_bucket[5m])) by (le)
)";
const CARDINALITY: &str = r#"topk(10, count by (__name__)({__name__=~".+"}))"#;
const RATE: &str = "rate(inference_requests_total[5m])";
const RATE_WITHOUT_TOTAL: &str = "rate(inference_requests[5m])";

/// [`ERROR_RATE`] divides each series by itself, which is 100 wherever there is an error at all.
/// This divides the errors of a model by its requests.
const ERROR_RATE_PER_MODEL: &str = r#"sum by (model_name) (rate(inference_requests_total{status="error"}[5m]))
/ sum by (model_name) (rate(inference_requests_total[5m])) * 100"#;

/// The traffic of each model. No quantile that is asked for falls between two requests: 0.5, 0.95
/// and 0.99 of 21, of 13 and of both are no whole numbers.
const RESNET50: u32 = 21;
const BERT_BASE: u32 = 6;
const FAILED: u32 = 4;
/// One that ran and two that waited for it.
const CANCELLED: u32 = 3;

async fn every_query_of_the_guide_returns_what_the_traffic_implies(framework: Framework) {
    let arguments = ["--timeout-ms", "600000", "--max-concurrency", "1"];
    let service = Service::start(framework, &arguments).await.unwrap();
    service.predict("nope", &input_taking(0)).await.unwrap();
    service.settled(1).await.unwrap();
    let jobs = [ScrapeJob::new("inference", &service.address())];
    let prometheus = Prometheus::start(&jobs).await.unwrap();
    wait_for(&prometheus, "sum(inference_requests_total)", 1.0).await;

    let scrape = send_traffic(&service, &prometheus).await;
    let total = scrape.sum("inference_requests_total", &[]).unwrap();
    wait_for(&prometheus, "sum(inference_requests_total)", total).await;

    let answers = Answers::now(&prometheus);
    answers.assert_requests().await;
    answers.assert_durations(&scrape).await;
    answers.assert_gauges(&scrape).await;
    answers.assert_cardinality(&scrape).await;

    assert_eq!(answers.to(NOT_LOADED).await, BTreeMap::new());
    let unload = Request::new(Method::POST, &service.url("/models/bert-base/unload"));
    assert_eq!(unload.send().await.unwrap().status(), 200);
    wait_for(&prometheus, NOT_LOADED, 0.0).await;
    let not_loaded = Answers::now(&prometheus).to(NOT_LOADED).await;
    assert_eq!(not_loaded, BTreeMap::from([("bert-base".to_owned(), 0.0)]));
}

/// Returns the metrics when all requests have ended.
async fn send_traffic(service: &Service, prometheus: &Prometheus) -> Exposition {
    let endless = input_taking(600_000);
    tokio::select! {
        answer = service.predict("bert-base", &endless) => panic!("{answer:?}"),
        answer = service.predict("bert-base", &endless) => panic!("{answer:?}"),
        answer = service.predict("bert-base", &endless) => panic!("{answer:?}"),
        () = wait_for(prometheus, "inference_queue_length", 2.0) => {}
    }
    service.settled(1 + CANCELLED).await.unwrap();
    for _ in 0..RESNET50 {
        service.predict("resnet50", &input_taking(20)).await.unwrap();
    }
    for _ in 0..BERT_BASE {
        service.predict("bert-base", &input_taking(60)).await.unwrap();
    }
    for _ in 0..FAILED {
        let failing = json!({ "input": "a photo", "delay_ms": 30, "fail": true });
        service.predict("bert-base", &failing).await.unwrap();
    }
    service.settled(1 + CANCELLED + RESNET50 + BERT_BASE + FAILED).await.unwrap()
}

/// Prometheus at one moment.
struct Answers<'a> {
    prometheus: &'a Prometheus,
    time: f64,
}

impl<'a> Answers<'a> {
    fn now(prometheus: &'a Prometheus) -> Self {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        Self { prometheus, time }
    }

    /// Returns each series, by the values of its labels in the order of their names, but for those
    /// of the target.
    async fn to(&self, promql: &str) -> BTreeMap<String, f64> {
        let samples = self.prometheus.query_at(promql, self.time).await.unwrap();
        let series = samples.into_iter().map(|sample| {
            let of_target = ["__name__", "instance", "job"];
            let labels = sample.labels.iter().filter(|(name, _)| !of_target.contains(&&***name));
            let values: Vec<&str> = labels.map(|(_, value)| value.as_str()).collect();
            (values.join(" "), sample.value)
        });
        series.collect()
    }

    /// The value of an answer that is one series without labels.
    async fn only(&self, promql: &str) -> f64 {
        self.prometheus.value_at(promql, self.time).await.unwrap().unwrap()
    }

    async fn assert_requests(&self) {
        let rates = self.to(SUCCESS_RATE).await;
        let per_request = rates["resnet50 success"] / f64::from(RESNET50);
        let count = r#"count_over_time(model_loaded{model_name="resnet50"}[5m])"#;
        let samples = self.to(count).await["resnet50"];
        // An increase is extrapolated to the ends of the window, by 1.1 scrape intervals at most.
        let factor = per_request * 300.0;
        assert!(factor > 0.99 && factor < 1.0 + 2.2 / (samples - 1.0), "{factor}, {samples}");
        let rate = |requests| f64::from(requests) * per_request;
        assert_close(
            &rates,
            &[("bert-base success", rate(BERT_BASE)), ("resnet50 success", rate(RESNET50))],
        );
        assert_close(
            &self.to(ERROR_INCREASE).await,
            &[("bert-base error", f64::from(FAILED) * factor), ("resnet50 error", 0.0)],
        );

        assert_close(
            &self.to(ERROR_RATE).await,
            &[("bert-base error", 100.0), ("resnet50 error", f64::NAN)],
        );
        let all = f64::from(BERT_BASE + FAILED + CANCELLED);
        assert_close(
            &self.to(ERROR_RATE_PER_MODEL).await,
            &[("bert-base", f64::from(FAILED) / all * 100.0), ("resnet50", 0.0)],
        );

        let rates = self.to(RATE).await;
        for (series, requests) in [
            ("resnet50 success", RESNET50),
            ("bert-base success", BERT_BASE),
            ("bert-base error", FAILED),
            ("bert-base cancelled", CANCELLED),
            ("bert-base timeout", 0),
            ("unknown rejected", 0),
        ] {
            assert_near(rates[series], rate(requests), series);
        }
        assert_eq!(rates.len(), 2 * 5 + 1, "two models, five statuses, and `unknown`: {rates:?}");
        assert_eq!(self.to(RATE_WITHOUT_TOTAL).await, BTreeMap::new());
    }

    async fn assert_durations(&self, scrape: &Exposition) {
        const DURATION: &str = "inference_duration_seconds";
        let of = |model| {
            let labels = [("model_name", model)];
            let value = |suffix| scrape.value(&format!("{DURATION}_{suffix}"), &labels).unwrap();
            let buckets: Vec<(f64, f64)> =
                scrape.buckets(DURATION, &labels).iter().map(parsed).collect();
            (buckets, value("sum") / value("count"))
        };
        let (resnet50, mean_of_resnet50) = of("resnet50");
        let (bert_base, mean_of_bert_base) = of("bert-base");

        let p99 = quantile(0.99, &resnet50);
        assert!(p99 > 0.01, "each took 20 ms: {p99}");
        assert_close(&self.to(P99_OF_RESNET50).await, &[("resnet50", p99)]);
        for (promql, q) in [(P50, 0.5), (P95, 0.95)] {
            assert_close(
                &self.to(promql).await,
                &[("bert-base", quantile(q, &bert_base)), ("resnet50", quantile(q, &resnet50))],
            );
        }
        assert!(mean_of_resnet50 >= 0.02, "{mean_of_resnet50}");
        assert_close(
            &self.to(MEAN).await,
            &[("bert-base", mean_of_bert_base), ("resnet50", mean_of_resnet50)],
        );
        let both = resnet50.iter().zip(&bert_base);
        let both: Vec<_> = both.map(|((le, one), (_, other))| (*le, one + other)).collect();
        assert_near(self.only(P99_OF_ALL).await, quantile(0.99, &both), P99_OF_ALL);
    }

    async fn assert_gauges(&self, scrape: &Exposition) {
        let over_time = async |function| {
            self.only(&format!("{function}_over_time(inference_queue_length[10m])")).await
        };
        let mean = self.only(MEAN_QUEUE).await;
        assert_near(mean, over_time("sum").await / over_time("count").await, MEAN_QUEUE);
        assert!(mean > 0.0 && mean < 2.0, "two waited for a while: {mean}");

        // What this machine has, if it has any. How much is used changes.
        let gpus = scrape.family("gpu_memory_used_bytes").into_iter().flat_map(Family::samples);
        let gpus: Vec<&String> = gpus.map(|gpu| &gpu.labels()["gpu_id"]).collect();
        let used = self.to(GPU_MEMORY).await;
        assert_eq!(used.keys().collect::<Vec<_>>(), gpus);
        assert!(used.values().all(|percent| *percent >= 0.0), "{used:?}");
    }

    /// The ten metrics with the most series; several may have as many as the last.
    async fn assert_cardinality(&self, scrape: &Exposition) {
        let mut series = BTreeMap::<&str, f64>::new();
        for name in scrape.samples().map(Sample::name) {
            *series.entry(name).or_default() += 1.0;
        }
        let mut most: Vec<f64> = series.values().copied().collect();
        most.sort_by(|one, other| other.total_cmp(one));
        most.truncate(10);

        let top = self.prometheus.query_at(CARDINALITY, self.time).await.unwrap();
        let mut counts: Vec<f64> = top.iter().map(|sample| sample.value).collect();
        counts.sort_by(|one, other| other.total_cmp(one));
        assert_eq!(counts, most);
        for sample in &top {
            let name = sample.labels["__name__"].as_str();
            assert_eq!(series.get(name), Some(&sample.value), "{name}");
        }
    }
}

fn parsed((le, count): &(&str, f64)) -> (f64, f64) {
    (le.parse().unwrap(), *count)
}

/// The quantile as Prometheus has it: linear within the bucket that it falls into, and the largest
/// finite edge in the last one.
fn quantile(q: f64, buckets: &[(f64, f64)]) -> f64 {
    let rank = q * buckets.last().unwrap().1;
    let at = buckets.iter().position(|(_, count)| *count >= rank).unwrap();
    let (lower, below) = if at == 0 { (0.0, 0.0) } else { buckets[at - 1] };
    let (upper, count) = buckets[at];
    if upper.is_infinite() {
        lower
    } else {
        lower + (upper - lower) * (rank - below) / (count - below)
    }
}

#[track_caller]
fn assert_close(answer: &BTreeMap<String, f64>, expected: &[(&str, f64)]) {
    let series: Vec<&str> = expected.iter().map(|(series, _)| *series).collect();
    assert_eq!(answer.keys().collect::<Vec<_>>(), series);
    for (series, value) in expected {
        assert_near(answer[*series], *value, series);
    }
}

#[track_caller]
fn assert_near(actual: f64, expected: f64, what: &str) {
    let is_near = (actual - expected).abs() <= 1e-9 * expected.abs();
    assert!(is_near || actual.is_nan() && expected.is_nan(), "{what}: {actual}, not {expected}");
}

async fn wait_for(prometheus: &Prometheus, promql: &str, value: f64) {
    let what = format!("sample {promql} {value}");
    let same = wait_until(&what, SOON, async || {
        prometheus.value(promql).await.unwrap().filter(|actual| actual.total_cmp(&value).is_eq())
    });
    same.await.unwrap();
}
