//! What a real Pushgateway makes of pushes, and a real Prometheus of the gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use tower_metrics::push::{PushError, PushGateway, Pusher};
use tower_metrics::{Buckets, Exporter, MetricSpec};
use tower_metrics_tests::poll::wait_until;
use tower_metrics_tests::prometheus::{Prometheus, ScrapeJob};
use tower_metrics_tests::promtool;
use tower_metrics_tests::pushgateway::Pushgateway;

use crate::service::SOON;

fn pusher(gateway: &Pushgateway, job: &str) -> Pusher {
    PushGateway::new(&gateway.url()).unwrap().with_job(job).build().unwrap()
}

/// An exporter in which a counter stands at `value`.
fn counted(name: &'static str, value: u64) -> Exporter {
    let exporter = Exporter::builder().build().unwrap();
    count(&exporter, name, value);
    exporter
}

fn count(exporter: &Exporter, name: &'static str, value: u64) {
    metrics::with_local_recorder(&exporter.recorder(), || metrics::counter!(name).increment(value));
}

/// A job as in the guide: counts by status, durations, and a gauge that is read at the push.
fn batch() -> Exporter {
    let exporter = Exporter::builder().build().unwrap();
    let buckets = Buckets::new([0.01, 0.05, 0.1, 0.5, 1.0, 5.0]).unwrap();
    let specs = [
        MetricSpec::counter("batch_inference_processed_total")
            .with_help("Items processed.")
            .with_labels(["model_name", "status"]),
        MetricSpec::histogram("batch_inference_item_duration_seconds", buckets)
            .with_labels(["model_name"]),
    ];
    exporter.declare(&specs).unwrap();
    exporter.gauge_fn(MetricSpec::gauge("items_left"), &[], || 3_u8).unwrap().detach();
    metrics::with_local_recorder(&exporter.recorder(), || {
        let model = "resnet50";
        for (status, value) in [("success", 5), ("error", 2)] {
            let name = "batch_inference_processed_total";
            metrics::counter!(name, "model_name" => model, "status" => status).increment(value);
        }
        let name = "batch_inference_item_duration_seconds";
        for seconds in [0.02, 0.25, 7.0] {
            metrics::histogram!(name, "model_name" => model).record(seconds);
        }
    });
    exporter
}

/// Counters, gauges and histograms, with their types and their labels.
#[tokio::test]
async fn what_was_recorded_is_what_the_gateway_shows() {
    let gateway = Pushgateway::start().await.unwrap();
    pusher(&gateway, "batch").push(&batch()).await.unwrap();

    let group = gateway.job("batch").await.unwrap().unwrap();
    assert!(group.last_push_was_accepted());
    let (processed, model) = ("batch_inference_processed_total", ("model_name", "resnet50"));
    assert_eq!(group.kind(processed), Some("COUNTER"));
    assert_eq!(group.value(processed, &[model, ("status", "success")]), Some(5.0));
    assert_eq!(group.value(processed, &[model, ("status", "error")]), Some(2.0));
    assert_eq!(group.kind("items_left"), Some("GAUGE"));
    assert_eq!(group.value("items_left", &[]), Some(3.0));
    let duration = "batch_inference_item_duration_seconds";
    assert_eq!(group.kind(duration), Some("HISTOGRAM"));
    assert_eq!(group.value(duration, &[model]), Some(7.27));
    let buckets: BTreeMap<String, u64> = group.buckets(duration, &[model]);
    let expected =
        [("0.01", 0), ("0.05", 1), ("0.1", 1), ("0.5", 2), ("1", 2), ("5", 2), ("+Inf", 3)];
    assert_eq!(buckets, expected.map(|(bound, count)| (bound.to_owned(), count)).into());
}

/// As the gateway documents its three methods.
#[tokio::test]
async fn a_push_replaces_an_add_adds_and_a_delete_deletes() {
    let gateway = Pushgateway::start().await.unwrap();
    let pusher = pusher(&gateway, "job");
    let shown = async || {
        let group = gateway.job("job").await.unwrap();
        group.map(|group| ["a_total", "b_total"].map(|name| group.value(name, &[])))
    };
    pusher.push(&counted("a_total", 1)).await.unwrap();
    assert_eq!(shown().await, Some([Some(1.0), None]));
    pusher.add(&counted("b_total", 2)).await.unwrap();
    assert_eq!(shown().await, Some([Some(1.0), Some(2.0)]));
    pusher.add(&counted("a_total", 3)).await.unwrap();
    assert_eq!(shown().await, Some([Some(3.0), Some(2.0)]));
    pusher.push(&counted("b_total", 4)).await.unwrap();
    assert_eq!(shown().await, Some([None, Some(4.0)]));
    // Nothing recorded is nothing to show, and no error.
    pusher.push(&Exporter::builder().build().unwrap()).await.unwrap();
    assert_eq!(shown().await, Some([None, None]));
    for _ in 0..2 {
        pusher.delete().await.unwrap();
        assert_eq!(shown().await, None);
    }
    pusher.push_blocking(&counted("a_total", 5)).unwrap();
    pusher.add_blocking(&counted("b_total", 6)).unwrap();
    assert_eq!(shown().await, Some([Some(5.0), Some(6.0)]));
    pusher.delete_blocking().unwrap();
    assert_eq!(shown().await, None);
}

/// Whatever a path would make of them.
#[tokio::test]
async fn odd_jobs_and_grouping_values_are_read_back_equal() {
    let gateway = Pushgateway::start().await.unwrap();
    let values = [
        "/var/tmp",
        "a b",
        "a%2Fb",
        "%",
        "+",
        "",
        ".",
        "..",
        "@base64",
        "a@base64/b",
        "=",
        "?x=1#y",
        "été 推論 🦀",
        "\"quoted\"\n\\",
        "~-_.",
        "a//b",
        "/",
        " ",
        "x;y,z&w",
        "{}",
    ];
    let mut expected = BTreeSet::new();
    for (i, value) in values.iter().enumerate() {
        let job = if value.is_empty() { "empty" } else { value };
        let pusher = PushGateway::new(&gateway.url())
            .unwrap()
            .with_job(job)
            .with_grouping("instance", i.to_string())
            .with_grouping("value", *value)
            .build()
            .unwrap();
        pusher.push(&counted("a_total", 1)).await.unwrap();
        let labels = [("job", job), ("instance", &i.to_string()), ("value", value)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        expected.insert(BTreeMap::from(labels));
    }
    let groups = gateway.groups().await.unwrap();
    let labels: BTreeSet<_> = groups.iter().map(|group| group.labels().clone()).collect();
    // The gateway drops a label without a value from the key, though not from the metrics.
    let complete = |mut labels: BTreeMap<String, String>| {
        labels.entry("value".to_owned()).or_default();
        labels
    };
    assert_eq!(labels.into_iter().map(complete).collect::<BTreeSet<_>>(), expected);
}

/// With what the gateway has against it, and at once, since it would say so again.
#[tokio::test]
async fn metrics_that_the_gateway_refuses_are_an_error_with_its_words() {
    let gateway = Pushgateway::start().await.unwrap();
    pusher(&gateway, "first").push(&counted("a_total", 1)).await.unwrap();

    let other = Exporter::builder().build().unwrap();
    let gauge = || {
        metrics::gauge!("a_total").set(1);
    };
    metrics::with_local_recorder(&other.recorder(), gauge);
    let clash = pusher(&gateway, "second").push(&other).await.unwrap_err();
    assert_refused(&clash, "\"a_total\"");
    let own = pusher(&gateway, "third").push_blocking(&counted("go_goroutines", 1)).unwrap_err();
    assert_refused(&own, "go_goroutines");
    // The others are not affected.
    assert_eq!(gateway.job("first").await.unwrap().unwrap().value("a_total", &[]), Some(1.0));
}

fn assert_refused(error: &PushError, words: &str) {
    let text = match error {
        PushError::Refused { status: 400, text, .. } => text.as_str(),
        _ => "",
    };
    assert!(text.contains("invalid or inconsistent") && text.contains(words), "{error:?}");
    assert!(error.to_string().contains(text), "{error}");
}

/// Both from the setter and from the URL; and a wrong password is not tried again.
#[tokio::test]
async fn a_wrong_password_is_an_error_and_a_right_one_is_not() {
    // The password is `hush`.
    let user =
        "basic_auth_users: {me: $2b$04$abcdefghijklmnopqrstuuppZFpU9n.F.R29ic//YRPBUgRHbgy9m}";
    let gateway = Pushgateway::start_with_web_config(user).await.unwrap();
    let exporter = counted("a_total", 1);
    let described = || PushGateway::new(&gateway.url()).unwrap().with_job("job");
    let wrong = [
        described(),
        described().with_basic_auth("me", "hush!"),
        described().with_bearer_token("hush"),
    ];
    for wrong in wrong {
        let error = wrong.build().unwrap().push(&exporter).await.unwrap_err();
        assert_eq!(error.status(), Some(401));
        assert!(!format!("{error} {error:?}").contains("hush"));
    }
    let right = described().with_basic_auth("me", "hush").build().unwrap();
    right.push(&exporter).await.unwrap();
    let url = gateway.url().replace("//", "//me:hush@");
    let right = PushGateway::new(&url).unwrap().with_job("job").build().unwrap();
    right.delete().await.unwrap();
}

/// Each its own registry, in one process.
#[tokio::test]
async fn two_jobs_at_once_do_not_mix() {
    let gateway = Pushgateway::start().await.unwrap();
    let jobs: Vec<_> = [("one", 1), ("two", 1_000)]
        .map(|(job, step)| {
            let pusher = pusher(&gateway, job);
            tokio::spawn(async move {
                let exporter = counted("a_total", step);
                for _ in 0..20 {
                    pusher.push(&exporter).await.unwrap();
                    count(&exporter, "a_total", step);
                }
                let periodic = pusher.push_every(Duration::from_millis(1), &exporter).unwrap();
                count(&exporter, "a_total", step);
                periodic.shutdown().await.unwrap();
            })
        })
        .into();
    for job in jobs {
        job.await.unwrap();
    }
    for (job, expected) in [("one", 22.0), ("two", 22_000.0)] {
        let group = gateway.job(job).await.unwrap().unwrap();
        assert_eq!(group.value("a_total", &[]), Some(expected));
    }
    assert_eq!(gateway.groups().await.unwrap().len(), 2);
}

/// What was counted before, meanwhile and afterwards.
#[tokio::test]
async fn a_gateway_that_is_restarted_has_everything_again() {
    let gateway = Pushgateway::start().await.unwrap();
    let address = gateway.address().to_owned();
    let described = PushGateway::new(&gateway.url()).unwrap().with_job("job");
    let described = described.with_backoff(Duration::from_millis(1), Duration::from_millis(50));
    let exporter = counted("a_total", 1);
    let pusher = described.build().unwrap();
    let periodic = pusher.push_every(Duration::from_millis(10), &exporter).unwrap();
    let pushed = async |gateway: &Pushgateway, value: f64| {
        let what = format!("a_total {value}");
        let group = wait_until(&what, SOON, async || {
            let group = gateway.job("job").await.unwrap();
            group.filter(|group| group.value("a_total", &[]) == Some(value))
        });
        group.await.unwrap();
    };
    pushed(&gateway, 1.0).await;
    drop(gateway);
    count(&exporter, "a_total", 1);
    let failed = wait_until("failure", SOON, async || (periodic.failed() > 3).then_some(()));
    failed.await.unwrap();
    let gateway = Pushgateway::start_at(&address).await.unwrap();
    pushed(&gateway, 2.0).await;
    count(&exporter, "a_total", 1);
    periodic.shutdown().await.unwrap();
    pushed(&gateway, 3.0).await;
}

/// The whole way of the guide: a job pushes, the gateway is scraped, a query answers.
#[tokio::test]
async fn prometheus_answers_with_what_was_pushed() {
    let gateway = Pushgateway::start().await.unwrap();
    let described = PushGateway::new(&gateway.url()).unwrap().with_job("batch inference/1");
    let pusher = described.with_grouping("shard", "a b").build().unwrap();
    pusher.push(&batch()).await.unwrap();
    let scraped = ScrapeJob::new("pushgateway", gateway.address()).with_yaml("honor_labels: true");
    let prometheus = Prometheus::start(&[scraped]).await.unwrap();
    let key = r#"job="batch inference/1",shard="a b",model_name="resnet50""#;
    for (series, expected) in [
        (format!(r#"batch_inference_processed_total{{{key},status="success"}}"#), 5.0),
        (format!(r#"batch_inference_processed_total{{{key},status="error"}}"#), 2.0),
        (format!("batch_inference_item_duration_seconds_count{{{key}}}"), 3.0),
        (format!("batch_inference_item_duration_seconds_sum{{{key}}}"), 7.27),
        (format!(r#"batch_inference_item_duration_seconds_bucket{{{key},le="0.5"}}"#), 2.0),
        (r#"items_left{job="batch inference/1",shard="a b"}"#.to_owned(), 3.0),
        (r#"push_failure_time_seconds{job="batch inference/1"}"#.to_owned(), 0.0),
    ] {
        let value = wait_until(&series, SOON, async || prometheus.value(&series).await.unwrap());
        assert_eq!(value.await.unwrap().to_string(), expected.to_string(), "{series}");
    }
}

/// It is what users copy.
#[test]
fn the_deployed_configuration_is_valid() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/deploy/prometheus.yml");
    promtool::check_config(&file).unwrap();
}
