//! An exporter that becomes the global one after the handles were made, in a process of its own.

mod support;

use std::time::Duration;

use tower_metrics_inference::timed;
use tower_metrics_inference::timing::{Durations, InFlight};
use tower_metrics_prometheus::Exporter;
use tower_metrics_tests::log::logged;

use support::{count, lines, outcomes};

#[timed(name = "early_seconds", outcome)]
fn early() -> Result<(), ()> {
    Ok(())
}

/// A guard from before counts down where it counted up: nowhere.
#[test]
fn handles_may_be_older_than_the_exporter() {
    let durations = Durations::builder("a_seconds").with_help("A.").build().unwrap();
    let in_flight = InFlight::builder("b").build().unwrap();
    let clash = Durations::builder("a_seconds").with_help("B.").build().unwrap();
    durations.record(Duration::ZERO);
    assert_eq!(early(), Ok(()));
    let guard = in_flight.enter();

    let mut exporter = None;
    let log = logged(|| {
        exporter = Some(Exporter::install().unwrap());
        clash.record(Duration::ZERO);
    });
    let exporter = exporter.unwrap();
    // They are there before they are used again.
    assert!(exporter.render().starts_with("# HELP a_seconds A.\n# TYPE a_seconds histogram\n"));
    assert_eq!(count(&exporter, "a_seconds"), 1);
    assert_eq!(outcomes(&exporter, "early_seconds"), [0; 4]);
    assert!(
        log.iter().any(|line| line.contains("a metric is recorded without its declaration")),
        "{log:?}"
    );

    drop(guard);
    durations.record(Duration::ZERO);
    assert_eq!(early(), Ok(()));
    in_flight.track(|| assert_eq!(lines(&exporter, "b "), ["b 1"]));
    assert_eq!(lines(&exporter, "b "), ["b 0"]);
    assert_eq!(count(&exporter, "a_seconds"), 2);
    assert_eq!(outcomes(&exporter, "early_seconds"), [1, 0, 0, 0]);
}
