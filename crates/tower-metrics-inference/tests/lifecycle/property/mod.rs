//! Whatever happens in whatever order, the counts are those of a model.

mod live;
mod scenario;
mod tally;

use std::collections::VecDeque;

use proptest::test_runner::{Config, TestRunner};
use tower_metrics_inference::{Buckets, InferenceBuilder, InferenceMetric};

use self::live::Live;
use self::scenario::{Move, Plan, SLOTS, plans};
use self::tally::Tally;
use super::measured::{Measured, measured_with};

/// Makes all moves of a plan, compares after each, drops what is left, and compares again.
fn drive(measured: &Measured, (scenarios, moves): Plan) {
    let (mut tally, mut now) = (Tally::default(), 0);
    let mut coming = VecDeque::from(scenarios);
    let mut slots: [Option<Live>; SLOTS] = Default::default();
    for (slot, how, seconds) in moves {
        now += seconds;
        measured.pass(seconds.into());
        let slot = slots.get_mut(slot).unwrap();
        match (slot.take(), how) {
            (None, _) => {
                let arrive = |next| Live::arrive(&measured.model, next, now, &mut tally);
                *slot = coming.pop_front().map(arrive);
            }
            (Some(mut live), Move::Poll) => {
                live.poll(now, &mut tally);
                *slot = Some(live);
            }
            (Some(live), how) => live.go(how, now, &mut tally),
        }
        assert_eq!(Tally::of(measured), tally, "after {how:?}");
    }
    for live in slots.into_iter().flatten() {
        live.go(Move::Drop, now, &mut tally);
    }
    assert!(tally.is_at_rest(), "{tally:?}");
    assert_eq!(Tally::of(measured), tally);
}

/// Histograms with one bucket are quick to render and read, and here they only count and sum.
fn one_bucket(builder: InferenceBuilder) -> InferenceBuilder {
    let histograms = InferenceMetric::ALL
        .iter()
        .copied()
        .filter(|metric| metric.spec().buckets().is_some() && !metric.is_of_batch_jobs());
    let one = Buckets::new([1.0]).unwrap();
    histograms
        .fold(builder.with_tokens(), |builder, metric| builder.with_buckets(metric, one.clone()))
}

/// After every single step all counts are right: who is in flight, who ended, how, and with how
/// many tokens.
#[test]
fn any_interleaving_of_requests_is_counted_as_the_model_says() {
    // The smallest plan that fails is to become a test of its own, so no file keeps it.
    let config = Config { cases: 32, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&plans(), |plan| {
        measured_with(one_bucket, |measured| drive(measured, plan));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
