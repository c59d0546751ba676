//! Each way in which an item can end.

use std::future::{pending, ready};
use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use quanta::Clock;
use tokio_test::block_on;
use tower_metrics_inference::{BatchJob, ItemStatus};

use crate::support::{panics, pause, poll_once};
use crate::{counts, job, values};

/// Queries for errors find a zero, and not nothing, in a job without any.
#[test]
fn a_job_begins_with_its_counts_at_zero_and_without_an_end() {
    let job = job();
    let buckets = ["0.01", "0.05", "0.1", "0.5", "1", "5", "+Inf"].map(|bound| {
        let name = "batch_inference_item_duration_seconds_bucket";
        format!("{name}{{model_name=\"resnet50\",le=\"{bound}\"}} 0\n")
    });
    let buckets = buckets.concat();
    let expected = format!(
        "# HELP batch_inference_item_duration_seconds Time that an item of a batch run took.\n\
         # TYPE batch_inference_item_duration_seconds histogram\n\
         {buckets}\
         batch_inference_item_duration_seconds_sum{{model_name=\"resnet50\"}} 0\n\
         batch_inference_item_duration_seconds_count{{model_name=\"resnet50\"}} 0\n\
         # HELP batch_inference_processed_total Number of items that a batch run has processed.\n\
         # TYPE batch_inference_processed_total counter\n\
         batch_inference_processed_total{{model_name=\"resnet50\",status=\"cancelled\"}} 0\n\
         batch_inference_processed_total{{model_name=\"resnet50\",status=\"error\"}} 0\n\
         batch_inference_processed_total{{model_name=\"resnet50\",status=\"success\"}} 0\n"
    );
    assert_eq!(job.exporter().render(), expected);
    assert_eq!(job.model_name(), "resnet50");
    let statuses: Vec<_> = ItemStatus::ALL.iter().map(|status| status.as_str()).collect();
    assert_eq!(statuses, ["success", "error", "cancelled"]);
}

/// What the item returns is what the caller gets.
#[test]
fn an_item_is_a_success_or_an_error_as_its_result_says() {
    let job = job();
    assert_eq!(job.item(|| "7".parse::<u8>()), Ok(7));
    assert_eq!(job.item(|| Err::<u8, _>("no")), Err("no"));
    assert_eq!(block_on(job.item_async(async { Ok::<_, ()>(8) })), Ok(8));
    assert_eq!(block_on(job.item_async(ready(Err::<u8, _>("no")))), Err("no"));
    let later = async {
        pause().await;
        Err::<u8, _>("later")
    };
    assert_eq!(block_on(job.item_async(later)), Err("later"));
    assert_eq!(counts(job.exporter()), [2, 3, 0, 5]);
}

/// The job may go on with the next one.
#[test]
fn an_item_that_panics_is_an_error_and_the_panic_goes_on() {
    let job = job();
    assert!(panics(|| job.item(|| if true { panic!("no") } else { Ok::<u8, ()>(1) })));
    assert_eq!(counts(job.exporter()), [0, 1, 0, 1]);

    // Whoever catches the panic may keep the future, which counts no second time.
    let mut item = Box::pin(job.item_async(async {
        pause().await;
        if true { panic!("no") } else { Ok::<u8, ()>(1) }
    }));
    let mut poll = || item.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll().is_pending());
    assert!(panics(&mut poll));
    assert_eq!(counts(job.exporter()), [0, 2, 0, 2]);
    drop(item);
    assert_eq!(counts(job.exporter()), [0, 2, 0, 2]);
}

/// A job that is interrupted says nothing against the item that it was at.
#[test]
fn an_item_that_is_dropped_midway_is_cancelled() {
    let job = job();
    assert!(poll_once(job.item_async(pending::<Result<u8, ()>>())).is_pending());
    assert_eq!(counts(job.exporter()), [0, 0, 1, 1]);

    // Unless what drops it is a panic.
    assert!(panics(|| {
        let mut item = pin!(job.item_async(pending::<Result<u8, ()>>()));
        assert!(item.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        panic!("no");
    }));
    assert_eq!(counts(job.exporter()), [0, 1, 1, 2]);

    // What has not begun has no end.
    drop(job.item_async(pending::<Result<u8, ()>>()));
    assert_eq!(counts(job.exporter()), [0, 1, 1, 2]);
}

/// What a destructor processes while another panic goes on did not panic itself.
#[test]
fn an_item_that_starts_during_a_panic_does_not_end_by_it() {
    struct Cleanup<'a>(&'a BatchJob);

    impl Drop for Cleanup<'_> {
        fn drop(&mut self) {
            assert!(poll_once(self.0.item_async(pending::<Result<u8, ()>>())).is_pending());
        }
    }

    let job = job();
    assert!(panics(|| {
        let _cleanup = Cleanup(&job);
        panic!("no");
    }));
    assert_eq!(counts(job.exporter()), [0, 0, 1, 1]);
}

/// From its first poll on: items that wait for their turn do not take long.
#[test]
fn an_item_takes_from_its_begin_to_its_end() {
    let (clock, time) = Clock::mock();
    quanta::with_clock(&clock, || {
        let job = job();
        job.item(|| {
            time.increment(Duration::from_millis(250));
            Err::<(), _>(())
        })
        .unwrap_err();
        let item = job.item_async(async {
            time.increment(Duration::from_millis(500));
            pause().await;
            time.increment(Duration::from_secs(3));
            Ok::<_, ()>(())
        });
        time.increment(Duration::from_secs(3600));
        block_on(item).unwrap();
        let text = job.exporter().render();
        let name = "batch_inference_item_duration_seconds";
        let series = [
            format!("{name}_sum{{model_name=\"resnet50\"}}"),
            format!("{name}_bucket{{model_name=\"resnet50\",le=\"0.1\"}}"),
            format!("{name}_bucket{{model_name=\"resnet50\",le=\"0.5\"}}"),
            format!("{name}_bucket{{model_name=\"resnet50\",le=\"5\"}}"),
        ];
        assert_eq!(values(&text, &series.each_ref().map(String::as_str)), ["3.75", "0", "1", "2"]);
    });
}

/// A job need not process its items one after the other.
#[test]
fn items_on_many_threads_and_tasks_are_all_counted() {
    let job = job();
    thread::scope(|scope| {
        for thread in 0..4 {
            let job = &job;
            scope.spawn(move || {
                for item in 0..100 {
                    let _ = job.item(|| if item % 4 == thread { Err(()) } else { Ok(()) });
                }
            });
        }
    });
    assert_eq!(counts(job.exporter()), [300, 100, 0, 400]);
    block_on(async {
        let tasks: Vec<_> = (0..10)
            .map(|item| tokio::spawn(job.item_async(async move { Ok::<_, ()>(item) })))
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
    assert_eq!(counts(job.exporter()), [310, 100, 0, 410]);
}

/// Each its own, as in the exporter that a program shares among its jobs.
#[test]
fn two_jobs_at_once_do_not_mix() {
    let (one, two) = (job(), job());
    one.item(|| Ok::<_, ()>(())).unwrap();
    assert_eq!(counts(one.exporter()), [1, 0, 0, 1]);
    assert_eq!(counts(two.exporter()), [0, 0, 0, 0]);

    let other = BatchJob::builder("bert-base").with_exporter(two.exporter()).build().unwrap();
    other.item(|| Err::<(), _>(())).unwrap_err();
    assert_eq!(counts(two.exporter()), [0, 0, 0, 0]);
    let errors = r#"batch_inference_processed_total{model_name="bert-base",status="error"}"#;
    assert_eq!(values(&two.exporter().render(), &[errors]), ["1"]);
}
