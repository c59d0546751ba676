//! Requests that wait for their start.

use std::time::{Duration, Instant};

use tower_metrics_inference::{Queued, RequestOutcome};
use tower_metrics_tests::scripted::{catch_scripted_panic, scripted_panic};

use super::measured::measured;

const DURATION: &str = "inference_duration_seconds";
const QUEUE_DURATION: &str = "inference_queue_duration_seconds";

/// The time in the queue is part of the request's, and known for itself.
#[test]
fn a_request_moves_from_waiting_to_running() {
    measured(|measured| {
        let queued = measured.model.enqueue();
        assert_eq!(measured.gauges(), [1, 1, 0]);
        measured.pass(2);
        let request = queued.start();
        assert_eq!(measured.gauges(), [1, 0, 1]);
        assert_eq!(measured.histogram(QUEUE_DURATION), (1, 2));
        measured.pass(1);
        request.success();
        assert_eq!(measured.gauges(), [0; 3]);
        assert_eq!(measured.histogram(DURATION), (1, 3));
        assert_eq!(measured.statuses(), "success 1");
    });
}

/// The rules are the same in the queue; who never started has no time in it.
#[test]
fn a_request_that_never_starts_has_the_status_of_the_first_rule_that_applies() {
    type Row = (&'static str, fn(Queued));
    let rows: [Row; 9] = [
        ("success 1", |queued| queued.end(RequestOutcome::Success)),
        ("error 1", |queued| queued.end(RequestOutcome::Error("oom"))),
        ("timeout 1", Queued::timeout),
        ("rejected 1", Queued::reject),
        ("error 1", |queued| {
            let unwound: Option<()> = catch_scripted_panic(|| {
                let _queued = queued.with_time_limit(Duration::ZERO);
                scripted_panic()
            });
            assert_eq!(unwound, None);
        }),
        ("timeout 1", |queued| drop(queued.with_time_limit(Duration::from_secs(1)))),
        ("timeout 1", |queued| drop(queued.with_deadline(Instant::now()))),
        ("cancelled 1", |queued| drop(queued.with_time_limit(Duration::from_secs(100)))),
        ("cancelled 1", drop),
    ];
    for (status, end) in rows {
        measured(|measured| {
            let queued = measured.model.enqueue();
            measured.pass(1);
            end(queued);
            assert_eq!(measured.statuses(), status);
            assert_eq!(measured.gauges(), [0; 3]);
            assert_eq!(measured.histogram(QUEUE_DURATION), (0, 0));
            let rejected = status == "rejected 1";
            assert_eq!(measured.histogram(DURATION), if rejected { (0, 0) } else { (1, 1) });
        });
    }
}

/// A limit counts from the arrival, wherever it is set.
#[test]
fn a_deadline_set_in_the_queue_holds_after_the_start() {
    let limit = Duration::from_secs(10);
    for is_set_in_queue in [true, false] {
        measured(|measured| {
            let mut queued = measured.model.enqueue();
            if is_set_in_queue {
                queued = queued.with_time_limit(limit);
            }
            measured.pass(6);
            let mut request = queued.start();
            if !is_set_in_queue {
                request = request.with_time_limit(limit);
            }
            measured.pass(6);
            drop(request);
            assert_eq!(measured.statuses(), "timeout 1");
        });
    }
}

/// One of many tells nothing about the others.
#[test]
fn many_requests_wait_and_run_at_once() {
    measured(|measured| {
        let mut queued: Vec<_> = (0..5).map(|_| measured.model.enqueue()).collect();
        let running: Vec<_> = queued.drain(..2).map(Queued::start).collect();
        let direct = measured.model.start();
        assert_eq!(measured.gauges(), [6, 3, 3]);
        drop(running);
        assert_eq!(measured.gauges(), [4, 3, 1]);
        drop(queued);
        direct.success();
        assert_eq!(measured.gauges(), [0; 3]);
        assert_eq!(measured.statuses(), "cancelled 5, success 1");
    });
}

/// What the engine knows of itself.
#[test]
fn batches_and_limits_of_a_model_are_shown() {
    measured(|measured| {
        measured.model.record_batch_size(3);
        measured.model.set_max_concurrency(8);
        assert_eq!(measured.histogram("inference_batch_size"), (1, 3));
        assert_eq!(measured.value("inference_max_concurrency"), 8);
    });
}

/// The length of a queue outside of this crate, read when it is asked for.
#[test]
fn the_queue_length_is_read_when_it_is_rendered() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    measured(|measured| {
        let length = Arc::new(AtomicUsize::new(3));
        let queue = Arc::clone(&length);
        let read = move || queue.load(Ordering::Relaxed);
        let observation = measured.inference.observe_queue_length(read);
        assert_eq!(measured.series("inference_queue_length"), [" 3"]);
        length.store(0, Ordering::Relaxed);
        assert_eq!(measured.series("inference_queue_length"), [" 0"]);
        drop(observation);
        assert!(measured.series("inference_queue_length").is_empty());
    });
}
