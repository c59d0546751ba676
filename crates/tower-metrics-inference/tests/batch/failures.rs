//! Gateways that do not answer, and jobs that cannot begin.

use std::time::Duration;

use tokio_test::block_on;
use tower_metrics_core::MetricSpec;
use tower_metrics_inference::batch::{BatchItem, Ending};
use tower_metrics_inference::{
    BatchJob, BatchJobBuilder, BatchJobError, Buckets, Inference, InferenceError, InferenceMetric,
};
use tower_metrics_prometheus::Exporter;
use tower_metrics_push::{PushGateway, PushGatewayError};
use tower_metrics_tests::log::logged;
use tower_metrics_tests::scripted_gateway::{OK, ScriptedGateway, Step, nobody};

use crate::support::panics;
use crate::{gateway_at, values};

fn job(gateway: PushGateway) -> BatchJob {
    BatchJob::builder("resnet50").with_gateway(gateway).build().unwrap()
}

/// What was recorded is still there, for whoever has kept the exporter.
#[test]
fn a_push_that_fails_is_an_error_of_the_end() {
    for end in [
        BatchJob::finish_blocking,
        BatchJob::fail_blocking,
        |job: BatchJob| block_on(job.finish()),
        |job: BatchJob| block_on(job.fail()),
    ] {
        let job = job(gateway_at(nobody()).without_retries());
        job.item(|| Ok::<_, ()>(())).unwrap();
        let exporter = job.exporter().clone();
        assert!(end(job).unwrap_err().is_connect());
        let successes =
            r#"batch_inference_processed_total{model_name="resnet50",status="success"}"#;
        assert_eq!(values(&exporter.render(), &[successes]), ["1"]);
    }
    let refused = Step::Answer("HTTP/1.1 400 Bad Request\r\n\r\nno");
    let server = ScriptedGateway::start(&[refused]);
    let error = job(gateway_at(server.address())).finish_blocking().unwrap_err();
    assert_eq!(error.status(), Some(400));
    assert_eq!(server.requests().len(), 1);
}

/// A gateway that is restarted meanwhile costs nothing.
#[test]
fn a_push_that_may_pass_is_tried_again() {
    let unavailable = Step::Answer("HTTP/1.1 503 Service Unavailable\r\n\r\n");
    let server = ScriptedGateway::start(&[unavailable, Step::Reset, OK]);
    job(gateway_at(server.address())).finish_blocking().unwrap();
    assert_eq!(server.requests().len(), 2);
    let server = ScriptedGateway::start(&[unavailable, Step::Close, OK]);
    drop(job(gateway_at(server.address())));
    assert_eq!(server.requests().len(), 3);
}

/// There is nobody to whom an error could be returned.
#[test]
fn a_dropped_job_that_cannot_push_says_so_in_the_log() {
    let lines = logged(|| drop(job(gateway_at(nobody()).without_retries())));
    let [line] = &lines[..] else { panic!("not one line: {lines:?}") };
    assert!(line.contains("batch job") && line.contains("resnet50"), "{line}");
    assert!(line.contains("cannot be reached"), "{line}");
    // A second panic would end the process.
    let lines = logged(|| {
        assert!(panics(|| {
            let _job = job(gateway_at(nobody()).without_retries());
            panic!("no");
        }));
    });
    assert_eq!(lines.len(), 1);
    let server = ScriptedGateway::start(&[OK]);
    assert!(logged(|| drop(job(gateway_at(server.address())))).is_empty());
}

/// A gateway that hangs holds up no end for ever, that of a dropped job least of all.
#[test]
fn an_end_takes_no_longer_than_the_total_timeout() {
    let server = ScriptedGateway::start(&[Step::Stall("")]);
    let gateway = || gateway_at(server.address()).with_total_timeout(Duration::from_millis(50));
    assert!(job(gateway()).finish_blocking().unwrap_err().is_timeout());
    assert!(block_on(job(gateway()).fail()).unwrap_err().is_timeout());
    assert_eq!(logged(|| drop(job(gateway()))).len(), 1);
}

/// Before hours of work, and not after.
#[test]
fn what_is_wrong_is_said_before_the_job_begins() {
    let gateway = || PushGateway::new("http://gateway:9091").unwrap();
    let error = BatchJob::builder("resnet50")
        .with_gateway(gateway().with_grouping("a-b", "c"))
        .build()
        .unwrap_err();
    let BatchJobError::Gateway(PushGatewayError::InvalidGrouping { name, .. }) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(name, "a-b");
    assert!(error.to_string().contains("grouping label \"a-b\""), "{error}");

    for (name, reason) in [
        (String::new(), "it is empty"),
        ("x".repeat(257), "it is longer than 256 bytes"),
        ("unknown".to_owned(), "it stands for models that are not registered"),
    ] {
        let error = BatchJob::new(name.clone()).unwrap_err();
        assert_eq!(error.to_string(), format!("{name:?} cannot be a model's name: {reason}"));
    }

    let exporter = Exporter::builder().build().unwrap();
    exporter.declare(&[MetricSpec::gauge("batch_inference_processed_total")]).unwrap();
    let error = BatchJob::builder("resnet50").with_exporter(&exporter).build().unwrap_err();
    assert!(matches!(error, BatchJobError::Inference(InferenceError::Declare(_))), "{error:?}");
}

/// The two share the table of metrics, and no more.
#[test]
fn the_metrics_of_batch_jobs_are_not_those_of_a_service() {
    let exporter = Exporter::builder().build().unwrap();
    let metric = InferenceMetric::BatchItemDuration;
    let builder = Inference::builder().with_recorder(exporter.recorder());
    let error = builder.clone().with_buckets(metric, Buckets::light()).build().unwrap_err();
    assert_eq!(error, InferenceError::OfBatchJobs { metric });
    let inference = builder.build().unwrap();
    inference.register("resnet50").unwrap();
    assert!(!exporter.render().contains("batch_inference"));
    // One exporter can have both.
    let job = BatchJob::builder("resnet50").with_exporter(&exporter).build().unwrap();
    job.finish_blocking().unwrap();
    assert!(exporter.render().contains("batch_inference"));
}

/// Whoever passes them around asks for that.
#[test]
fn everything_can_be_sent_to_threads_and_tasks() {
    fn check<T: Send + Sync + 'static>() {}
    fn check_future<T: Send + 'static>(_: Option<T>) {}
    check::<BatchJob>();
    check::<BatchJobBuilder>();
    check::<BatchJobError>();
    check_future(None::<Ending>);
    check_future(None::<BatchItem<std::future::Ready<()>>>);
}
