//! Requests around futures.

use std::future;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_test::task;
use tower_metrics_inference::{RequestOutcome, TimeoutError};
use tower_metrics_tests::scripted::{catch_scripted_panic, scripted_panic};

use super::measured::measured;

/// Ready in the second poll.
async fn after_a_poll<T>(value: T) -> T {
    let mut is_polled = false;
    future::poll_fn(|_| {
        if std::mem::replace(&mut is_polled, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    value
}

/// A request lasts from the call to what comes first.
#[test]
fn a_future_is_counted_by_what_it_returns() {
    for (result, statuses) in [(Ok(1), "success 1"), (Err("no"), "error 1")] {
        measured(|measured| {
            let mut observed = task::spawn(measured.model.observe(after_a_poll(result)));
            measured.pass(1);
            assert!(observed.poll().is_pending());
            assert_eq!(measured.gauges(), [1, 0, 1]);
            measured.pass(2);
            assert_eq!(observed.poll(), Poll::Ready(result));
            measured.pass(4);
            drop(observed);
            assert_eq!(measured.statuses(), statuses);
            assert_eq!(measured.histogram("inference_duration_seconds"), (1, 3));
            assert_eq!(measured.gauges(), [0; 3]);
        });
    }
}

/// Before its first poll or after, whoever drops it does not wait any more.
#[test]
fn a_dropped_future_is_cancelled() {
    for polls in 0..2 {
        measured(|measured| {
            let never = future::pending::<Result<(), ()>>();
            let mut observed = task::spawn(measured.model.observe(never));
            for _ in 0..polls {
                assert!(observed.poll().is_pending());
            }
            drop(observed);
            assert_eq!(measured.statuses(), "cancelled 1");
            assert_eq!(measured.gauges(), [0; 3]);
        });
    }
}

/// A runtime catches the panic, and may keep what is left for as long as it likes.
#[test]
fn a_panicking_future_is_an_error_at_once() {
    measured(|measured| {
        let panics = future::poll_fn(|_| -> Poll<Result<(), ()>> { scripted_panic() });
        let mut observed = task::spawn(measured.model.observe(panics));
        assert!(catch_scripted_panic(|| observed.poll().map(drop)).is_none());
        assert_eq!(measured.statuses(), "error 1");
        assert_eq!(measured.by_label("inference_errors_total", "error_type"), "panic 1");
        assert_eq!(measured.gauges(), [0; 3]);
        drop(observed);
        assert_eq!(measured.statuses(), "error 1");
    });
}

/// Who knows more than `Ok` and `Err` says so; one that panics over it harms nobody.
#[test]
fn a_function_can_say_how_a_future_ended() {
    type Says = fn(&u8) -> RequestOutcome<'_>;
    let rows: [(&str, Says); 6] = [
        ("success 1", |_| RequestOutcome::Success),
        ("error 1", |_| RequestOutcome::Error("oom")),
        ("timeout 1", |_| RequestOutcome::Timeout),
        ("cancelled 1", |_| RequestOutcome::Cancelled),
        ("rejected 1", |_| RequestOutcome::Rejected),
        ("error 1", |_| scripted_panic()),
    ];
    for (statuses, says) in rows {
        measured(|measured| {
            let mut observed = task::spawn(measured.model.observe_as(future::ready(7), says));
            assert_eq!(observed.poll(), Poll::Ready(7));
            assert_eq!(measured.statuses(), statuses);
            assert_eq!(measured.gauges(), [0; 3]);
        });
    }
}

/// What has waited, or has a deadline, goes around a future as well.
#[test]
fn a_request_that_has_begun_can_be_put_around_a_future() {
    measured(|measured| {
        let queued = measured.model.enqueue().with_time_limit(Duration::from_secs(10));
        measured.pass(1);
        let request = queued.start();
        let mut observed = task::spawn(request.observe(future::pending::<Result<(), ()>>()));
        assert!(observed.poll().is_pending());
        measured.pass(10);
        drop(observed);
        assert_eq!(measured.statuses(), "timeout 1");

        let request = measured.model.enqueue().start();
        let mut observed =
            task::spawn(request.observe_as(future::ready(()), |()| RequestOutcome::Error("full")));
        assert!(observed.poll().is_ready());
        assert_eq!(measured.statuses(), "error 1, timeout 1");
        assert_eq!(measured.by_label("inference_errors_total", "error_type"), "full 1");
    });
}

/// The limit is this crate's own, so its status needs no guess.
#[tokio::test(start_paused = true)]
async fn a_future_with_a_limit_ends_by_it() {
    let limit = Duration::from_secs(5);
    let exporter = tower_metrics_prometheus::Exporter::builder().build().unwrap();
    let inference =
        tower_metrics_inference::Inference::builder().with_recorder(exporter.recorder());
    let model = inference.build().unwrap().register("m").unwrap();

    let answer = model.observe_with_timeout(limit, async { Ok::<_, &str>(1) }).await;
    assert_eq!(answer, Ok(1));
    let failed = model.observe_with_timeout(limit, async { Err::<(), _>("no") }).await;
    assert_eq!(failed, Err(TimeoutError::Inner("no")));
    assert_eq!(failed.unwrap_err().into_inner(), Some("no"));
    let late = model.observe_with_timeout(limit, future::pending::<Result<(), &str>>()).await;
    let late = late.unwrap_err();
    assert!(late.is_timeout());
    assert_eq!(late.to_string(), "no answer within 5s");
    let (_send, never) = oneshot::channel::<()>();
    let mut dropped = task::spawn(model.observe_with_timeout(limit, never));
    assert!(dropped.poll().is_pending());
    drop(dropped);

    let text = exporter.render();
    assert_eq!(
        super::measured::series(&text, "inference_requests_total"),
        [
            "{model_name=\"m\",status=\"cancelled\"} 1",
            "{model_name=\"m\",status=\"error\"} 1",
            "{model_name=\"m\",status=\"rejected\"} 0",
            "{model_name=\"m\",status=\"success\"} 1",
            "{model_name=\"m\",status=\"timeout\"} 1",
        ]
    );
    assert!(text.contains("inference_in_flight_requests{model_name=\"m\"} 0"), "{text}");
}

/// Without a timer there is no request either, rather than one that is lost.
#[test]
fn a_limit_without_a_runtime_panics_before_the_request() {
    measured(|measured| {
        let observe = || {
            drop(
                measured.model.observe_with_timeout(Duration::ZERO, future::ready(Ok::<_, ()>(()))),
            );
        };
        let hook = std::panic::catch_unwind(std::panic::AssertUnwindSafe(observe));
        assert!(hook.is_err());
        assert_eq!(measured.statuses(), "");
        assert_eq!(measured.gauges(), [0; 3]);
    });
}
