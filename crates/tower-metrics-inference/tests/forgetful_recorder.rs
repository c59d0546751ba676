//! Recorders that forget what lay unused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::atomics::AtomicU64;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use quanta::Clock;
use tower_metrics_core::backend::Describing;
use tower_metrics_inference::timing::{InFlight, Outcome, OutcomeDurations};

/// Plays the part of an exporter with an idle timeout: what it forgets is lost for old handles.
#[derive(Clone, Debug, Default)]
struct Forgetful {
    series: Arc<Mutex<HashMap<String, Arc<AtomicU64>>>>,
}

impl Forgetful {
    fn register(&self, key: &Key) -> Arc<AtomicU64> {
        let labels: Vec<&str> = key.labels().map(metrics::Label::value).collect();
        let name = format!("{} {}", key.name(), labels.join(","));
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(series.entry(name.trim_end().to_owned()).or_default())
    }

    fn forget(&self) {
        self.series.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn value(&self, name: &str) -> Option<f64> {
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        Some(f64::from_bits(series.get(name)?.load(std::sync::atomic::Ordering::Relaxed)))
    }
}

/// The last value of a series is enough to know that it arrived.
impl Recorder for Forgetful {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.register(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        #[derive(Debug)]
        struct Last(Arc<AtomicU64>);

        impl metrics::HistogramFn for Last {
            fn record(&self, value: f64) {
                metrics::GaugeFn::set(&*self.0, value);
            }
        }

        Histogram::from_arc(Arc::new(Last(self.register(key))))
    }
}

/// Five seconds are less than any sensible idle timeout, and more than a busy service leaves a
/// handle alone. One outcome that is common does not keep the handle of a rare one.
#[test]
fn a_handle_that_lay_unused_is_looked_up_again() {
    let (clock, time) = Clock::mock();
    quanta::with_clock(&clock, || {
        let forgetful = Forgetful::default();
        let recorder = || Describing::new(forgetful.clone());
        let durations = OutcomeDurations::builder("a").with_recorder(recorder()).build().unwrap();
        let in_flight = InFlight::builder("b").with_recorder(recorder()).build().unwrap();
        assert_eq!(forgetful.value("a error"), Some(0.0));

        for _ in 0..3 {
            time.increment(Duration::from_secs(3));
            durations.record(Outcome::Success, Duration::from_secs(1));
        }
        forgetful.forget();
        durations.record(Outcome::Success, Duration::from_secs(1));
        durations.record(Outcome::Error, Duration::from_secs(2));
        assert_eq!(forgetful.value("a success"), None, "in use, and so never forgotten");
        assert_eq!(forgetful.value("a error"), Some(2.0));

        let guard = in_flight.enter();
        assert_eq!(forgetful.value("b"), Some(1.0));
        time.increment(Duration::from_secs(6));
        let other = in_flight.enter();
        drop(guard);
        assert_eq!(forgetful.value("b"), Some(1.0));
        drop(other);
        assert_eq!(forgetful.value("b"), Some(0.0));
    });
}
