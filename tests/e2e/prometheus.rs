//! What a real Prometheus makes of the example service.

use std::time::{SystemTime, UNIX_EPOCH};

use tower_metrics_tests::poll::wait_until;
use tower_metrics_tests::prometheus::{Prometheus, ScrapeJob};
use tower_metrics_tests::promtool;

use crate::service::{Framework, SOON, Service, for_each_framework, input_taking};

for_each_framework![
    prometheus_scrapes_the_service_and_answers_queries,
    promtool_has_nothing_to_say_about_the_metrics,
];

/// The counter of successful predictions.
const PREDICTIONS: &str =
    r#"http_requests_total{method="POST",endpoint="/predict/{model_name}",status_code="200"}"#;

/// The last box of the guide's checklist: requests are sent, and queries return what was sent.
async fn prometheus_scrapes_the_service_and_answers_queries(framework: Framework) {
    let service = Service::start(framework, &[]).await.unwrap();
    // Before the first scrape: an increase is seen only from a first sample on.
    service.predict("resnet50", &input_taking(0)).await.unwrap();
    service.settled(1).await.unwrap();
    let jobs = [ScrapeJob::new("inference", &service.address())];
    let prometheus = Prometheus::start(&jobs).await.unwrap();
    wait_for_value(&prometheus, PREDICTIONS, 1.0).await;

    let targets = prometheus.targets().await.unwrap();
    let targets: Vec<_> =
        targets.iter().map(|target| (&*target.job, &*target.health, &*target.last_error)).collect();
    assert_eq!(targets, [("inference", "up", "")]);
    assert_eq!(prometheus.value(r#"up{job="inference"}"#).await.unwrap(), Some(1.0));

    for _ in 0..30 {
        service.predict("resnet50", &input_taking(10)).await.unwrap();
    }
    for _ in 0..4 {
        service.predict("nope", &input_taking(0)).await.unwrap();
    }
    let scrape = service.settled(35).await.unwrap();
    wait_for_value(&prometheus, PREDICTIONS, 31.0).await;
    let unknown = PREDICTIONS.replace("200", "404");
    wait_for_value(&prometheus, &unknown, 4.0).await;
    let stored = r#"sum(scrape_samples_scraped{job="inference"})"#;
    let count = u32::try_from(scrape.series_count()).map(f64::from).unwrap();
    assert_eq!(prometheus.value(stored).await.unwrap(), Some(count));

    assert_increase_and_rate(&prometheus, 30.0).await;
    assert_p99(&prometheus).await;
}

/// The checks that Prometheus itself makes of names, types, units and help.
async fn promtool_has_nothing_to_say_about_the_metrics(framework: Framework) {
    let service = Service::start(framework, &[]).await.unwrap();
    service.predict("resnet50", &input_taking(0)).await.unwrap();
    service.predict("nope", &input_taking(0)).await.unwrap();
    service.settled(2).await.unwrap();
    let text = service.get("/metrics").await.unwrap().text();
    // The guide's own name; promtool takes it for a part of a histogram.
    let others = text.split_inclusive('\n').filter(|line| !line.contains("models_loaded_count"));
    promtool::check_metrics(&others.collect::<String>()).unwrap();
}

/// Prometheus extrapolates the increase between the first and the last sample to both ends of the
/// window, each time by less than 1.1 mean scrape intervals, and a rate is that over the window.
async fn assert_increase_and_rate(prometheus: &Prometheus, sent: f64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let at = async |function: &str, window: &str| {
        let promql = format!("{function}({PREDICTIONS}[{window}])");
        prometheus.value_at(&promql, now).await.unwrap().unwrap()
    };
    let samples = at("count_over_time", "5m").await;
    let increase = at("increase", "5m").await;
    let bound = sent * (1.0 + 2.2 / (samples - 1.0));
    assert!(increase >= sent && increase <= bound, "{sent} <= {increase} <= {bound}");
    let rate = at("rate", "5m").await;
    assert!((rate * 300.0 - increase).abs() < 1e-6, "{rate} per second, {increase} in 300 s");
    assert!(at("increase", "1m").await > 0.0);
    assert!(at("rate", "1m").await > 0.0);
}

/// The query that the guide wants on every dashboard.
async fn assert_p99(prometheus: &Prometheus) {
    let query = "histogram_quantile(0.99, \
                 sum(rate(http_request_duration_seconds_bucket[1m])) by (le))";
    let p99 = prometheus.value(query).await.unwrap().unwrap();
    // Thirty of the requests waited for 10 ms, and the largest bound is 10 s.
    assert!(p99.is_finite() && p99 > 0.01 && p99 <= 10.0, "{p99}");
}

async fn wait_for_value(prometheus: &Prometheus, promql: &str, value: f64) {
    let what = format!("sample {promql} {value}");
    let same = wait_until(&what, SOON, async || {
        prometheus.value(promql).await.unwrap().filter(|actual| actual.total_cmp(&value).is_eq())
    });
    same.await.unwrap();
}
