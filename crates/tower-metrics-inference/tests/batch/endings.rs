//! Each way in which a job can end, and what the gateway gets then.

use std::task::{Context, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quanta::Clock;
use tokio_test::block_on;
use tower_metrics_inference::{BatchJob, Buckets};
use tower_metrics_prometheus::Exporter;
use tower_metrics_tests::scripted_gateway::{OK, Request, ScriptedGateway, Step};

use crate::support::panics;
use crate::{gateway_at, job, job_pushing_to, values};

const DURATION: &str = r#"batch_inference_duration_seconds{model_name="resnet50"}"#;
const LAST_SUCCESS: &str =
    r#"batch_inference_last_success_timestamp_seconds{model_name="resnet50"}"#;
const SUCCESSES: &str =
    r#"batch_inference_processed_total{model_name="resnet50",status="success"}"#;

/// Begins a job of one item, which took 90 seconds, and ends it; the request that comes of it.
fn request_of(end: impl FnOnce(BatchJob)) -> Request {
    let server = ScriptedGateway::start(&[OK]);
    let (clock, time) = Clock::mock();
    quanta::with_clock(&clock, || {
        let job = job_pushing_to(&server);
        job.item(|| {
            time.increment(Duration::from_secs(90));
            Ok::<_, ()>(())
        })
        .unwrap();
        end(job);
    });
    let mut requests = server.requests();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

fn assert_succeeds(end: impl FnOnce(BatchJob)) {
    let before = now();
    let request = request_of(end);
    assert_eq!(request.line(), "PUT /metrics/job/batch_inference_resnet50");
    assert_eq!(values(&request.body, &[SUCCESSES, DURATION]), ["1", "90"]);
    let last_success = values(&request.body, &[LAST_SUCCESS]);
    let last_success: f64 = last_success.first().unwrap().parse().unwrap();
    assert!(before <= last_success && last_success <= now());
    for name in
        ["batch_inference_duration_seconds", "batch_inference_last_success_timestamp_seconds"]
    {
        let line = format!("\n# TYPE {name} gauge\n");
        assert!(request.body.contains(&line), "{}", request.body);
    }
}

fn assert_fails(end: impl FnOnce(BatchJob)) {
    let request = request_of(end);
    assert_eq!(request.line(), "POST /metrics/job/batch_inference_resnet50");
    assert_eq!(values(&request.body, &[SUCCESSES, DURATION]), ["1", "90"]);
    // Not even its name, which would remove what the gateway has.
    assert!(!request.body.contains("last_success"), "{}", request.body);
}

/// The gateway then has this run, and nothing of those before.
#[test]
fn a_finished_job_replaces_what_there_was() {
    assert_succeeds(|job| job.finish_blocking().unwrap());
    assert_succeeds(|job| block_on(job.finish()).unwrap());
}

/// The gateway then has this run, and when the last one before succeeded.
#[test]
fn a_failed_job_leaves_the_last_success_alone() {
    assert_fails(|job| job.fail_blocking().unwrap());
    assert_fails(|job| block_on(job.fail()).unwrap());
}

/// By `?`, say; within a runtime too.
#[test]
fn a_dropped_job_has_failed() {
    assert_fails(drop);
    assert_fails(|job| block_on(async { drop(job) }));
}

/// Whether the item panics or what is around it.
#[test]
fn a_job_that_panics_has_failed() {
    assert_fails(|job| {
        assert!(panics(move || {
            let _job = job;
            panic!("no");
        }));
    });
    assert_fails(|job| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let task = runtime.build().unwrap().block_on(async {
            tokio::spawn(async move {
                let _job = job;
                panic!("no");
            })
            .await
        });
        assert!(task.unwrap_err().is_panic());
    });
}

/// A run is one run, whatever its last lines do.
#[test]
fn an_end_that_nobody_awaits_is_a_failure() {
    assert_fails(|job| drop(job.finish()));
    assert_fails(|job| drop(job.fail()));
}

/// The caller has lost interest, so the gateway hears no more of it.
#[test]
fn an_end_that_is_dropped_midway_is_given_up() {
    let server = ScriptedGateway::start(&[Step::Stall("")]);
    let mut ending = Box::pin(job_pushing_to(&server).finish());
    assert!(ending.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    server.request();
    drop(ending);
    server.closed();
    assert_eq!(server.requests().len(), 0);
}

/// Without a gateway everything else is as with one.
#[test]
fn a_job_without_a_gateway_only_records() {
    let end_all: [fn(BatchJob); 4] = [
        |job| job.finish_blocking().unwrap(),
        |job| block_on(job.finish()).unwrap(),
        |job| block_on(job.fail()).unwrap(),
        drop,
    ];
    for (end, has_succeeded) in end_all.into_iter().zip([true, true, false, false]) {
        let job = job();
        let exporter = job.exporter().clone();
        end(job);
        let text = exporter.render();
        assert_eq!(values(&text, &[DURATION]).len(), 1, "{text}");
        assert_eq!(values(&text, &[LAST_SUCCESS]).len() == 1, has_succeeded, "{text}");
    }
}

/// What the description says of the job is not overwritten.
#[test]
fn the_job_and_its_group_are_those_of_the_gateway() {
    let server = ScriptedGateway::start(&[OK]);
    let gateway = gateway_at(server.address()).with_job("nightly").with_grouping("shard", "3");
    let job = BatchJob::builder("resnet50").with_gateway(gateway).build().unwrap();
    job.finish_blocking().unwrap();
    assert_eq!(server.request().line(), "PUT /metrics/job/nightly/shard/3");
    let gateway = gateway_at(server.address()).with_job("");
    let job = BatchJob::builder("org/model").with_gateway(gateway).build().unwrap();
    job.finish_blocking().unwrap();
    // `batch_inference_org/model`.
    let line = "PUT /metrics/job@base64/YmF0Y2hfaW5mZXJlbmNlX29yZy9tb2RlbA==";
    assert_eq!(server.request().line(), line);
}

/// A program's own metrics, and those that it has recorded anyway.
#[test]
fn all_that_the_exporter_has_is_pushed() {
    let server = ScriptedGateway::start(&[OK]);
    let exporter = Exporter::builder().build().unwrap();
    metrics::with_local_recorder(&exporter.recorder(), || {
        metrics::counter!("rows_total").increment(42);
    });
    let builder = BatchJob::builder("resnet50").with_gateway(gateway_at(server.address()));
    let builder = builder.with_exporter(&exporter);
    builder.clone().build().unwrap().finish_blocking().unwrap();
    let request = server.request();
    assert_eq!(request.body, exporter.render());
    assert_eq!(values(&request.body, &["rows_total"]), ["42"]);

    // The exporter still knows of the success, so a later failure repeats it.
    let last_success = values(&request.body, &[LAST_SUCCESS]);
    builder.build().unwrap().fail_blocking().unwrap();
    assert_eq!(values(&server.request().body, &[LAST_SUCCESS]), last_success);
}

/// Of the items, and of nothing else.
#[test]
fn buckets_can_be_chosen() {
    let buckets = Buckets::new([2.0]).unwrap();
    let job = BatchJob::builder("resnet50").with_item_buckets(buckets).build().unwrap();
    let text = job.exporter().render();
    let edges: Vec<&str> =
        text.lines().filter_map(|line| line.split_once("le=")).map(|(_, edge)| edge).collect();
    assert_eq!(edges, ["\"2\"} 0", "\"+Inf\"} 0"]);
}
