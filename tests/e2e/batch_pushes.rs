//! What a real Pushgateway has of batch jobs, and what a real Prometheus answers.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tempfile::TempDir;
use tower_metrics::push::PushGateway;
use tower_metrics::{BatchJob, MetricSpec};
use tower_metrics_tests::binary;
use tower_metrics_tests::poll::wait_until;
use tower_metrics_tests::process::{Process, Signal};
use tower_metrics_tests::prometheus::{Prometheus, ScrapeJob};
use tower_metrics_tests::pushgateway::{Group, Pushgateway};

use crate::service::SOON;

const PROCESSED: &str = "batch_inference_processed_total";
const ITEM_DURATION: &str = "batch_inference_item_duration_seconds";
const DURATION: &str = "batch_inference_duration_seconds";
const LAST_SUCCESS: &str = "batch_inference_last_success_timestamp_seconds";

const MODEL: (&str, &str) = ("model_name", "resnet50");

fn job(gateway: &Pushgateway, model: &str) -> BatchJob {
    let gateway = PushGateway::new(&gateway.url()).unwrap();
    BatchJob::builder(model).with_gateway(gateway).build().unwrap()
}

/// Processes as many items as are to succeed, and as are to fail.
fn process(job: &BatchJob, successes: usize, errors: usize) {
    for _ in 0..successes {
        job.item(|| Ok::<_, ()>(())).unwrap();
    }
    for _ in 0..errors {
        job.item(|| Err::<(), _>(())).unwrap_err();
    }
}

async fn group(gateway: &Pushgateway, model: &str) -> Group {
    let group = gateway.job(&format!("batch_inference_{model}")).await.unwrap().unwrap();
    assert!(group.last_push_was_accepted());
    group
}

fn counts(group: &Group, model: &str) -> [Option<f64>; 3] {
    ["success", "error", "cancelled"]
        .map(|status| group.value(PROCESSED, &[("model_name", model), ("status", status)]))
}

/// Counts, durations, and the time, with their types.
#[tokio::test]
async fn what_a_job_has_recorded_is_what_the_gateway_shows() {
    let gateway = Pushgateway::start().await.unwrap();
    let job = job(&gateway, "resnet50");
    process(&job, 3, 1);
    let exporter = job.exporter().clone();
    job.finish().await.unwrap();

    let group = group(&gateway, "resnet50").await;
    assert_eq!(counts(&group, "resnet50"), [Some(3.0), Some(1.0), Some(0.0)]);
    let kinds = [PROCESSED, ITEM_DURATION, DURATION, LAST_SUCCESS].map(|name| group.kind(name));
    assert_eq!(kinds, ["COUNTER", "HISTOGRAM", "GAUGE", "GAUGE"].map(Some));
    let buckets = group.buckets(ITEM_DURATION, &[MODEL]);
    let bounds: BTreeMap<String, u64> =
        ["0.01", "0.05", "0.1", "0.5", "1", "5", "+Inf"].map(|bound| (bound.to_owned(), 4)).into();
    assert_eq!(buckets.keys().collect::<Vec<_>>(), bounds.keys().collect::<Vec<_>>());
    assert_eq!(buckets["+Inf"], 4);
    // To the last digit.
    let text = exporter.render();
    for name in [DURATION, LAST_SUCCESS] {
        let line = format!("{name}{{model_name=\"resnet50\"}} ");
        let value = text.lines().find_map(|text| text.strip_prefix(&line)).unwrap();
        assert_eq!(group.value(name, &[MODEL]), Some(value.parse().unwrap()));
    }
}

/// Whatever it is that ends it.
#[tokio::test]
async fn a_job_that_fails_is_pushed_without_losing_the_last_success() {
    let gateway = Pushgateway::start().await.unwrap();
    // Nothing to lose yet.
    job(&gateway, "resnet50").fail().await.unwrap();
    assert_eq!(group(&gateway, "resnet50").await.kind(LAST_SUCCESS), None);

    job(&gateway, "resnet50").finish().await.unwrap();
    let last_success = group(&gateway, "resnet50").await.value(LAST_SUCCESS, &[MODEL]);
    assert!(last_success.is_some());
    let ends: [fn(BatchJob); 3] = [
        |job| job.fail_blocking().unwrap(),
        drop,
        |job| {
            let panics = AssertUnwindSafe(|| {
                let job = job;
                let _ = job.item(|| if true { panic!("no") } else { Ok::<_, ()>(()) });
            });
            catch_unwind(panics).unwrap_err();
        },
    ];
    for (successes, end) in (1..).zip(ends) {
        let job = job(&gateway, "resnet50");
        process(&job, successes, 0);
        end(job);
        let group = group(&gateway, "resnet50").await;
        let [counted, errors, _] = counts(&group, "resnet50");
        assert_eq!(counted, Some(f64::from(u32::try_from(successes).unwrap())));
        assert_eq!(errors, Some(if successes == 3 { 1.0 } else { 0.0 }));
        assert_eq!(group.value(LAST_SUCCESS, &[MODEL]), last_success);
    }
}

/// With all that they had, and with a newer time.
#[tokio::test]
async fn a_second_success_replaces_the_first() {
    let gateway = Pushgateway::start().await.unwrap();
    let first = job(&gateway, "resnet50");
    process(&first, 5, 2);
    let gauge = first.exporter().gauge_fn(MetricSpec::gauge("items_left"), &[], || 3_u8);
    first.finish().await.unwrap();
    drop(gauge);
    let before = group(&gateway, "resnet50").await;
    assert_eq!(before.value("items_left", &[]), Some(3.0));

    let second = job(&gateway, "resnet50");
    process(&second, 1, 0);
    second.finish().await.unwrap();
    let after = group(&gateway, "resnet50").await;
    assert_eq!(counts(&after, "resnet50"), [Some(1.0), Some(0.0), Some(0.0)]);
    assert_eq!(after.kind("items_left"), None);
    assert!(after.value(LAST_SUCCESS, &[MODEL]) > before.value(LAST_SUCCESS, &[MODEL]));
    assert_eq!(gateway.groups().await.unwrap().len(), 1);
}

/// Each its own registry, in one process and in several.
#[tokio::test]
async fn two_jobs_at_once_do_not_mix() {
    let gateway = Pushgateway::start().await.unwrap();
    let (one, two) = (job(&gateway, "one"), job(&gateway, "two"));
    process(&one, 1, 0);
    process(&two, 0, 2);
    let (url, mut programs) = (gateway.url(), Vec::new());
    for model in ["resnet50", "bert-base"] {
        programs.push(start(&["--gateway", &url, "--model", model]));
    }
    let (first, second) = tokio::join!(one.finish(), two.finish());
    first.unwrap();
    second.unwrap();
    for program in &mut programs {
        let exit = program.wait_for_exit(SOON).await.unwrap();
        assert_eq!(exit.code(), Some(0), "{:?}", program.output());
    }
    for (model, [successes, errors]) in [
        ("one", [1.0, 0.0]),
        ("two", [0.0, 2.0]),
        ("resnet50", [10.0, 2.0]),
        ("bert-base", [10.0, 2.0]),
    ] {
        let expected = [Some(successes), Some(errors), Some(0.0)];
        assert_eq!(counts(&group(&gateway, model).await, model), expected);
    }
    assert_eq!(gateway.groups().await.unwrap().len(), 4);
}

fn start(arguments: &[&str]) -> Process {
    binary::start("batch-inference", arguments).unwrap()
}

/// It has a moment to say what it has done, and the run before it stays the last that succeeded.
#[tokio::test]
async fn a_program_that_is_stopped_pushes_what_it_has() {
    let gateway = Pushgateway::start().await.unwrap();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("items.jsonl");
    let arguments = [file.to_str().unwrap(), "--gateway", &gateway.url(), "--job", "a night's"];
    let shown = async || gateway.job("a night's").await.unwrap().unwrap();

    fs::write(&file, "{\"input\": \"a\"}\n").unwrap();
    let mut finished = start(&arguments);
    assert_eq!(finished.wait_for_exit(SOON).await.unwrap().code(), Some(0));
    finished.wait_for_line(|line| line == "metrics pushed", SOON).await.unwrap();
    let before = shown().await;
    assert_eq!(counts(&before, "resnet50"), [Some(1.0), Some(0.0), Some(0.0)]);

    let text = "{\"input\": \"a\"}\n[\n{\"input\": \"a\", \"delay_ms\": 600000}\n";
    fs::write(&file, text).unwrap();
    for signal in [Signal::Terminate, Signal::Interrupt] {
        let mut stopped = start(&arguments);
        stopped.wait_for_line(|line| line.starts_with("line 2: "), SOON).await.unwrap();
        stopped.signal(signal).unwrap();
        let exit = stopped.wait_for_exit(SOON).await.unwrap();
        assert_eq!(exit.code(), Some(1), "{:?}", stopped.output());
        let after = shown().await;
        assert!(after.last_push_was_accepted());
        assert_eq!(counts(&after, "resnet50"), [Some(1.0), Some(1.0), Some(1.0)]);
        assert_eq!(after.value(LAST_SUCCESS, &[MODEL]), before.value(LAST_SUCCESS, &[MODEL]));
    }
}

/// The whole way of the guide: the program pushes, the gateway is scraped, a query answers.
#[tokio::test]
async fn prometheus_answers_with_what_the_program_pushed() {
    let gateway = Pushgateway::start().await.unwrap();
    let mut program = start(&["--gateway", &gateway.url()]);
    assert_eq!(program.wait_for_exit(SOON).await.unwrap().code(), Some(0));
    let scraped = ScrapeJob::new("pushgateway", gateway.address()).with_yaml("honor_labels: true");
    let prometheus = Prometheus::start(&[scraped]).await.unwrap();
    let key = r#"job="batch_inference_resnet50",model_name="resnet50""#;
    for (query, expected) in [
        (format!(r#"{PROCESSED}{{{key},status="success"}}"#), 10.0),
        (format!(r#"{PROCESSED}{{{key},status="error"}}"#), 2.0),
        (format!("sum({PROCESSED}{{{key}}})"), 12.0),
        (format!("{ITEM_DURATION}_count{{{key}}}"), 12.0),
        (format!(r#"{ITEM_DURATION}_bucket{{{key},le="+Inf"}}"#), 12.0),
        (format!("{DURATION}{{{key}}} >= bool {ITEM_DURATION}_sum{{{key}}}"), 1.0),
        (format!("time() - {LAST_SUCCESS}{{{key}}} < bool 3600"), 1.0),
    ] {
        let value = wait_until(&query, SOON, async || prometheus.value(&query).await.unwrap());
        assert_eq!(value.await.unwrap().to_string(), expected.to_string(), "{query}");
    }
}
