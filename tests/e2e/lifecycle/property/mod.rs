//! Whatever happens in whatever order, the counts are those of a model.

mod driver;
mod model;
mod scenario;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tower_metrics::Buckets;

use self::driver::{Plan, drive};
use super::measured::Measured;
use super::tally::Tally;

/// Prints the smallest plan that fails; it is to become a test of its own, so no file keeps it.
fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

fn measured() -> Measured {
    // A histogram with one bucket is quick to render and read, and here it only counts.
    Measured::with(|builder| builder.with_duration_buckets(Buckets::new([1.0]).unwrap()))
}

/// After every single step all counts are right: who is in flight, who ended, and how.
#[test]
fn any_interleaving_of_requests_is_counted_as_the_model_says() {
    let result = runner(96).run(&Plan::any(), |plan| {
        let measured = measured();
        let tally = drive(&measured.layer, plan, |tally| {
            prop_assert_eq!(&measured.tally(), tally);
            Ok(())
        })?;
        prop_assert!(tally.is_at_rest(), "{:?}", tally);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Threads that see methods, endpoints and endings for the first time at the same time lose none.
#[test]
fn requests_on_several_threads_are_counted_as_the_model_says() {
    let plans = proptest::collection::vec(Plan::any(), 2..=4);
    let result = runner(48).run(&plans, |plans| {
        let measured = measured();
        let tallies = std::thread::scope(|scope| {
            let layer = &measured.layer;
            let threads: Vec<_> = plans
                .into_iter()
                .map(|plan| scope.spawn(move || drive(layer, plan, |_| Ok(()))))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Result<Vec<_>, _>>()
        })?;
        let mut expected = Tally::default();
        for tally in tallies {
            expected.add(tally);
        }
        prop_assert_eq!(measured.tally(), expected);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
