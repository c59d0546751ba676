//! Counters and gauges: one atomic number for each series.
//!
//! Those of `metrics-exporter-prometheus` keep a second number, by which it notices that a series
//! lies unused; here that is noticed when they are rendered, and recording costs half.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Counter, Gauge, Key};

use super::by_labels::ByLabels;

/// All series of one counter.
#[derive(Debug, Default)]
pub(crate) struct CounterFamily {
    series: ByLabels<AtomicU64>,
}

/// All series of one gauge.
#[derive(Debug, Default)]
pub(crate) struct GaugeFamily {
    /// The bits of an `f64` each.
    series: ByLabels<AtomicU64>,
}

/// The value of a series with its labels.
pub(crate) type Scalar = (Arc<str>, String);

impl CounterFamily {
    /// The handle of the series with the labels of `key`.
    pub(super) fn register(&self, key: &Key) -> Counter {
        Counter::from_arc(self.series.get_or_insert_with(key, AtomicU64::default))
    }

    /// All values as Rust writes them, in the order of their labels.
    pub(crate) fn values(&self) -> Vec<Scalar> {
        read(&self.series, |bits| bits.to_string())
    }
}

impl GaugeFamily {
    /// The handle of the series with the labels of `key`.
    pub(super) fn register(&self, key: &Key) -> Gauge {
        Gauge::from_arc(self.series.get_or_insert_with(key, AtomicU64::default))
    }

    /// All values as Rust writes them, in the order of their labels.
    pub(crate) fn values(&self) -> Vec<Scalar> {
        read(&self.series, |bits| f64::from_bits(bits).to_string())
    }
}

fn read(series: &ByLabels<AtomicU64>, write: impl Fn(u64) -> String) -> Vec<Scalar> {
    let value = |series: Arc<AtomicU64>| write(series.load(Ordering::Acquire));
    series.all().into_iter().map(|(labels, series)| (labels, value(series))).collect()
}
