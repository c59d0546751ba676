//! What timing costs in the steady state.

mod support;

use std::future::{Future, ready};
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Waker};

use allocation_counter::measure;
use tower_metrics_inference::timed;
use tower_metrics_inference::timing::{Durations, InFlight, OutcomeDurations, TimingExt as _};
use tower_metrics_prometheus::Exporter;

use support::private_exporter;

static EXPORTER: LazyLock<Exporter> = LazyLock::new(private_exporter);

#[timed(recorder = EXPORTER.recorder(), outcome)]
fn sync(input: &str) -> Result<u8, std::num::ParseIntError> {
    input.parse()
}

#[timed(recorder = EXPORTER.recorder(), outcome)]
async fn a_sync(input: &str) -> Result<u8, std::num::ParseIntError> {
    ready(()).await;
    input.parse()
}

fn poll<F: Future>(future: F) {
    assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

/// Handles are looked up once, guards and futures live where they are put.
#[test]
fn using_a_handle_allocates_nothing() {
    let durations = Durations::builder("a_seconds").with_recorder(EXPORTER.recorder());
    let durations = durations.build().unwrap();
    let outcomes = OutcomeDurations::builder("b_seconds").with_recorder(EXPORTER.recorder());
    let outcomes = outcomes.build().unwrap();
    let in_flight = InFlight::builder("c").with_recorder(EXPORTER.recorder()).build().unwrap();
    let use_all = || {
        durations.time(|| 7);
        assert_eq!(outcomes.time_result(|| Ok::<_, ()>(7)), Ok(7));
        poll(ready(Ok::<_, ()>(7)).timed(&durations).timed_result(&outcomes).in_flight(&in_flight));
        assert_eq!(sync("7"), Ok(7));
        poll(a_sync("7"));
    };
    use_all();
    assert_eq!(measure(use_all).count_total, 0);
}
