//! Handles that time and count: guards, closures and futures.
#![expect(clippy::unwrap_used, reason = "a helper that fails should fail its test")]

mod support;

use std::future::{pending, ready};
use std::panic::panic_any;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::Duration;

use quanta::Clock;
use tower_metrics_core::{Buckets, DeclareError};
use tower_metrics_inference::timing::{
    Durations, InFlight, Outcome, OutcomeDurations, TimingExt as _,
};
use tower_metrics_prometheus::Exporter;
use tower_metrics_tests::log::logged;

use support::{count, lines, outcomes, panics, pause, poll_once, private_exporter};

fn durations(exporter: &Exporter) -> Durations {
    Durations::builder("a_seconds").with_recorder(exporter.recorder()).build().unwrap()
}

fn outcome_durations(exporter: &Exporter) -> OutcomeDurations {
    OutcomeDurations::builder("a_seconds").with_recorder(exporter.recorder()).build().unwrap()
}

fn in_flight(exporter: &Exporter) -> InFlight {
    InFlight::builder("a").with_recorder(exporter.recorder()).build().unwrap()
}

/// Nobody names it again: help, unit, labels and buckets come with the handle.
#[test]
fn a_histogram_is_shown_as_it_was_declared() {
    let exporter = private_exporter();
    let durations = Durations::builder("resize_duration_seconds")
        .with_help("Time that it takes to resize an image.")
        .with_buckets(Buckets::new([0.5, 1.0]).unwrap())
        .with_label("stage", "pre\"\\")
        .with_recorder(exporter.recorder())
        .build()
        .unwrap();
    let text = |first: u64, count: u64, sum: &str| {
        let series = r#"{stage="pre\"\\""#;
        format!(
            "# HELP resize_duration_seconds Time that it takes to resize an image.\n\
             # TYPE resize_duration_seconds histogram\n\
             resize_duration_seconds_bucket{series},le=\"0.5\"}} {first}\n\
             resize_duration_seconds_bucket{series},le=\"1\"}} {count}\n\
             resize_duration_seconds_bucket{series},le=\"+Inf\"}} {count}\n\
             resize_duration_seconds_sum{series}}} {sum}\n\
             resize_duration_seconds_count{series}}} {count}\n"
        )
    };
    assert_eq!(exporter.render(), text(0, 0, "0"));
    durations.record(Duration::from_millis(250));
    durations.record(Duration::from_millis(750));
    assert_eq!(exporter.render(), text(1, 2, "1"));
}

/// Each way to time records once, and says how long it took.
#[test]
fn every_way_to_time_records_once() {
    let (clock, time) = Clock::mock();
    quanta::with_clock(&clock, || {
        let exporter = private_exporter();
        let durations = durations(&exporter);
        let second = Duration::from_secs(1);

        let timer = durations.start();
        time.increment(second);
        assert_eq!(timer.elapsed(), second);
        time.increment(second);
        assert_eq!(timer.stop(), 2 * second);

        {
            let _timer = durations.start();
            time.increment(second);
        }
        assert_eq!(durations.time(|| time.increment(second)), ());
        assert_eq!(poll_once(ready(7).timed(&durations)).map(|seven| seven + 1), 8.into());
        durations.start().discard();

        assert_eq!(count(&exporter, "a_seconds"), 4);
        assert_eq!(lines(&exporter, "a_seconds_sum"), ["a_seconds_sum 4"]);
    });
}

/// A task that waits for a thread is waited for, too.
#[test]
fn a_future_is_timed_from_when_it_is_wrapped() {
    let (clock, time) = Clock::mock();
    quanta::with_clock(&clock, || {
        let exporter = private_exporter();
        let future = pause().timed(&durations(&exporter));
        time.increment(Duration::from_secs(1));
        let mut future = pin!(future);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(future.as_mut().poll(&mut cx).is_pending());
        time.increment(Duration::from_secs(2));
        assert!(future.as_mut().poll(&mut cx).is_ready());
        // What is ready is over, whenever it is dropped.
        assert_eq!(lines(&exporter, "a_seconds_sum"), ["a_seconds_sum 3"]);
    });
}

/// The slowest are those that somebody gave up on.
#[test]
fn a_future_dropped_before_it_is_ready_is_recorded() {
    let exporter = private_exporter();
    let durations = durations(&exporter);
    assert!(poll_once(pending::<()>().timed(&durations)).is_pending());
    drop(pending::<()>().timed(&durations));
    assert_eq!(count(&exporter, "a_seconds"), 2);
}

/// The panic goes on, and what is caught and kept further out is over all the same.
#[test]
fn a_panic_is_recorded_when_it_happens() {
    let exporter = private_exporter();
    let durations = durations(&exporter);
    assert!(panics(|| durations.time(|| panic!("scripted"))));
    let mut future = Box::pin(async { panic_any("scripted") }.timed(&durations));
    assert!(panics(|| poll_once(future.as_mut())));
    assert_eq!(count(&exporter, "a_seconds"), 2);
    drop(future);
    assert_eq!(count(&exporter, "a_seconds"), 2);
}

/// A rate of errors can be computed before the first one.
#[test]
fn every_outcome_is_there_from_the_beginning() {
    let exporter = private_exporter();
    let durations = outcome_durations(&exporter);
    assert_eq!(outcomes(&exporter, "a_seconds"), [0; 4]);
    for (times, outcome) in Outcome::ALL.iter().copied().enumerate() {
        for _ in 0..=times {
            durations.record(outcome, Duration::ZERO);
        }
    }
    assert_eq!(outcomes(&exporter, "a_seconds"), [1, 2, 3, 4]);
}

/// Closures, futures and guards end in the same ways.
#[test]
fn how_it_ends_is_its_outcome() {
    let exporter = private_exporter();
    let durations = outcome_durations(&exporter);
    assert_eq!(durations.time_result(|| Ok::<_, ()>(7)), Ok(7));
    assert_eq!(durations.time_result(|| Err::<(), _>(7)), Err(7));
    assert!(panics(|| durations.time_result(|| -> Result<(), ()> { panic!("scripted") })));
    assert_eq!(outcomes(&exporter, "a_seconds"), [1, 1, 0, 1]);

    assert_eq!(poll_once(ready(Ok::<_, ()>(7)).timed_result(&durations)), Ok(7).into());
    assert_eq!(poll_once(ready(Err::<(), _>(7)).timed_result(&durations)), Err(7).into());
    assert!(poll_once(pending::<Result<(), ()>>().timed_result(&durations)).is_pending());
    assert_eq!(outcomes(&exporter, "a_seconds"), [2, 2, 1, 1]);

    durations.start().stop(Outcome::Success);
    durations.start().stop(&Err::<(), _>(()));
    drop(durations.start());
    durations.start().discard();
    assert_eq!(outcomes(&exporter, "a_seconds"), [3, 3, 2, 1]);
}

/// An executor catches the panic of a task, and drops the task when it likes.
#[test]
fn a_panic_that_is_caught_further_out_is_no_cancellation() {
    let exporter = private_exporter();
    let panicking = async || -> Result<(), ()> { panic_any("scripted") };
    let mut future = Box::pin(panicking().timed_result(&outcome_durations(&exporter)));
    assert!(panics(|| poll_once(future.as_mut())));
    drop(future);
    assert_eq!(outcomes(&exporter, "a_seconds"), [0, 0, 0, 1]);
}

/// Work that a destructor does while another panic goes on did not panic itself.
#[test]
fn what_starts_during_a_panic_does_not_end_by_it() {
    struct Cleanup(OutcomeDurations);

    impl Drop for Cleanup {
        fn drop(&mut self) {
            drop(self.0.start());
        }
    }

    let exporter = private_exporter();
    let cleanup = Cleanup(outcome_durations(&exporter));
    assert!(panics(move || {
        let _cleanup = cleanup;
        panic!("scripted")
    }));
    assert_eq!(outcomes(&exporter, "a_seconds"), [0, 0, 1, 0]);
}

/// In flight returns to zero, whatever happens.
#[test]
fn what_is_in_flight_is_counted_until_it_ends() {
    let exporter = private_exporter();
    let in_flight = in_flight(&exporter);
    let shown = || lines(&exporter, "a ");
    assert_eq!(shown(), ["a 0"]);
    let guard = in_flight.enter();
    in_flight.track(|| assert_eq!(shown(), ["a 2"]));
    drop(guard);
    assert_eq!(shown(), ["a 0"]);

    let future = ready(()).in_flight(&in_flight);
    assert_eq!(shown(), ["a 1"]);
    let mut future = pin!(future);
    assert!(poll_once(Pin::as_mut(&mut future)).is_ready());
    assert_eq!(shown(), ["a 0"]);

    drop(pending::<()>().in_flight(&in_flight));
    assert!(panics(|| in_flight.track(|| panic!("scripted"))));
    let mut future = Box::pin(async { panic_any("scripted") }.in_flight(&in_flight));
    assert!(panics(|| poll_once(future.as_mut())));
    assert_eq!(shown(), ["a 0"]);
}

/// Parts of one thing share a metric.
#[test]
fn handles_that_differ_in_label_values_share_a_metric() {
    let exporter = private_exporter();
    for stage in ["decode", "resize"] {
        let builder = Durations::builder("a_seconds").with_label("stage", stage);
        builder.with_recorder(exporter.recorder()).build().unwrap().record(Duration::ZERO);
    }
    assert_eq!(
        lines(&exporter, "a_seconds_count"),
        [r#"a_seconds_count{stage="decode"} 1"#, r#"a_seconds_count{stage="resize"} 1"#]
    );
}

/// One name, one meaning: the second is told, or logged, and is recorded as the first has it.
#[test]
fn a_name_that_means_something_else_is_recorded_as_it_was_declared_first() {
    let exporter = private_exporter();
    let first = durations(&exporter);
    let other = || {
        Durations::builder("a_seconds")
            .with_buckets(Buckets::light())
            .with_recorder(exporter.recorder())
    };
    let error = other().build().unwrap_err();
    assert!(matches!(error, DeclareError::Conflict { differs_in: "bucket list", .. }));

    let log = logged(|| {
        let second = other().build_or_warn();
        second.record(Duration::ZERO);
        second.time(|| first.record(Duration::ZERO));
    });
    assert_eq!(log.len(), 1, "{log:?}");
    assert!(log[0].contains("a metric is recorded without its declaration"), "{log:?}");
    assert_eq!(count(&exporter, "a_seconds"), 3);
    let buckets = lines(&exporter, "a_seconds_bucket");
    assert_eq!(buckets.len(), Buckets::http().edges().len() + 1, "{buckets:?}");

    // What is no duration cannot be one of them, which the exporter says.
    let log = logged(|| {
        let builder = InFlight::builder("a_seconds").with_recorder(exporter.recorder());
        builder.build_or_warn().track(|| ());
    });
    assert_eq!(log.len(), 2, "{log:?}");
    assert_eq!(count(&exporter, "a_seconds"), 3);

    let error = InFlight::builder("a").with_label("le", "1").build().unwrap_err();
    assert!(matches!(error, DeclareError::InvalidLabel { .. }));
    let error = OutcomeDurations::builder("a").with_label("outcome", "1").build().unwrap_err();
    assert!(matches!(error, DeclareError::InvalidLabel { reason: "it is listed twice", .. }));
}

/// They go into tasks of any runtime.
#[test]
fn handles_guards_and_futures_are_send() {
    fn is_static<T: Send + 'static>(value: T) -> T {
        value
    }

    fn is_shared<T: Clone + Send + Sync + 'static>(value: T) -> T {
        is_static(value)
    }

    let exporter = private_exporter();
    let durations = is_shared(outcome_durations(&exporter));
    let in_flight = is_shared(in_flight(&exporter));
    drop(is_static(durations.start()));
    drop(is_static(in_flight.enter()));
    drop(is_static(ready(Ok::<(), ()>(())).timed_result(&durations).in_flight(&in_flight)));
}
