//! Gauges.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{GaugeFn, Key};
use tower_metrics_core::threads;

use super::by_labels::ByLabels;
use super::cells::{Cells, Own, OwnCells, Write as _};
use super::metric::Scalar;

/// All series of one gauge.
#[derive(Debug)]
pub(crate) struct GaugeFamily {
    cells: Arc<Cells>,
    series: ByLabels<GaugeSeries>,
}

impl GaugeFamily {
    pub(super) fn new(cells: &Arc<Cells>) -> Self {
        Self { cells: Arc::clone(cells), series: ByLabels::default() }
    }

    /// The series with the labels of `key`.
    pub(super) fn series(&self, key: &Key) -> Arc<GaugeSeries> {
        self.series.get_or_insert_with(key, || GaugeSeries::new(Arc::clone(&self.cells)))
    }

    /// All values as Rust writes them, in the order of their labels.
    pub(crate) fn values(&self) -> Vec<Scalar> {
        let value = |series: Arc<GaugeSeries>| series.value().to_string();
        self.series.all().into_iter().map(|(labels, series)| (labels, value(series))).collect()
    }
}

/// A gauge: one set of label values.
///
/// What goes up and down by whole numbers, as requests in flight do, is counted by each thread;
/// what is set, or changes by anything else, is one number for all.
#[derive(Debug)]
pub(super) struct GaugeSeries {
    cells: Arc<Cells>,
    /// What was added; what was taken away is [`TAKEN`] behind it.
    added: usize,
    /// Whether anything was.
    is_counted: AtomicBool,
    /// The bits of an `f64`.
    base: AtomicU64,
    /// The balance that the base stands for already. Locked by who needs both.
    settled: Mutex<i64>,
}

const ADDED: usize = 0;
pub(super) const TAKEN: usize = 1;

/// A gauge, and where its counts lie for one thread.
#[derive(Debug)]
pub(super) struct OwnGauge {
    /// Whose those are.
    place: usize,
    counts: OwnCells,
    series: Arc<GaugeSeries>,
}

/// How often a balance is read again while others change it; with so many changes that this is not
/// enough, what is shown is of none of those moments.
const READINGS: u32 = 1_000;

impl GaugeSeries {
    fn new(cells: Arc<Cells>) -> Self {
        Self {
            added: cells.allocate(2),
            cells,
            is_counted: AtomicBool::new(false),
            base: AtomicU64::new(0),
            settled: Mutex::new(0),
        }
    }

    /// What was added more than taken away, at one moment.
    ///
    /// Read in this order, since what is taken away was added before, possibly by another thread:
    /// a gauge of what is in flight never shows less than 0.
    fn balance(&self) -> i64 {
        let mut taken = self.cells.sum(self.added + TAKEN);
        for _ in 0..READINGS {
            let added = self.cells.sum(self.added);
            // Both only grow: if nothing was taken away meanwhile, they belong together.
            let taken_since = self.cells.sum(self.added + TAKEN);
            if taken == taken_since {
                return added.wrapping_sub(taken).cast_signed();
            }
            taken = taken_since;
        }
        self.cells.sum(self.added).wrapping_sub(taken).cast_signed()
    }

    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    fn value(&self) -> f64 {
        let settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        let balance = self.balance().wrapping_sub(*settled);
        f64::from_bits(self.base.load(Ordering::Acquire)) + balance as f64
    }

    /// What is added and what is taken away, in the copy of the thread whose place this is, if it
    /// has one.
    pub(super) fn own(&self, place: usize) -> Option<OwnCells> {
        self.cells.own_cells(place, self.added, 2)
    }

    /// Gets ready for whoever counts without [`count`](Self::count).
    pub(super) fn expect_counts(&self) {
        self.is_counted.store(true, Ordering::Release);
    }

    /// Takes 1 away.
    #[inline]
    pub(super) fn leave(&self, own: &Own<'_>) {
        own.add(self.added + TAKEN, 1);
    }

    #[inline]
    fn count(&self, number: usize, amount: u32) {
        if !self.is_counted.load(Ordering::Relaxed) {
            self.is_counted.store(true, Ordering::Release);
        }
        self.cells.own().add(number, amount.into());
    }

    fn add(&self, value: f64) {
        let add = |base| Some((f64::from_bits(base) + value).to_bits());
        // The closure never refuses, so there is always a result.
        let _ = self.base.fetch_update(Ordering::Release, Ordering::Relaxed, add);
    }
}

/// `value`, if it is a whole number that is not negative, and not huge.
#[inline]
fn whole(value: f64) -> Option<u32> {
    // What gauges of what is in flight change by.
    if value.to_bits() == 1.0_f64.to_bits() {
        return Some(1);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "compared below")]
    let whole = value as u32;
    (f64::from(whole).to_bits() == value.to_bits()).then_some(whole)
}

impl GaugeFn for GaugeSeries {
    fn increment(&self, value: f64) {
        match whole(value) {
            Some(amount) => self.count(self.added, amount),
            None => self.add(value),
        }
    }

    fn decrement(&self, value: f64) {
        match whole(value) {
            Some(amount) => self.count(self.added + TAKEN, amount),
            None => self.add(-value),
        }
    }

    fn set(&self, value: f64) {
        if self.is_counted.load(Ordering::Acquire) {
            let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
            *settled = self.balance();
            self.base.store(value.to_bits(), Ordering::Release);
        } else {
            self.base.store(value.to_bits(), Ordering::Release);
        }
    }
}

impl OwnGauge {
    /// For the thread whose place this is, unless it has no copy of its own.
    pub(super) fn new(series: &Arc<GaugeSeries>, place: usize) -> Option<Self> {
        let counts = series.own(place)?;
        series.expect_counts();
        Some(Self { place, counts, series: Arc::clone(series) })
    }

    /// What the calling thread may count, and where.
    #[inline]
    fn own(&self, value: f64) -> Option<(&OwnCells, u64)> {
        let amount = whole(value).filter(|_| threads::place() == self.place)?;
        Some((&self.counts, amount.into()))
    }
}

impl GaugeFn for OwnGauge {
    fn increment(&self, value: f64) {
        match self.own(value) {
            Some((counts, amount)) => counts.add(ADDED, amount),
            None => self.series.increment(value),
        }
    }

    fn decrement(&self, value: f64) {
        match self.own(value) {
            Some((counts, amount)) => counts.add(TAKEN, amount),
            None => self.series.decrement(value),
        }
    }

    fn set(&self, value: f64) {
        self.series.set(value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use super::*;

    fn gauge() -> GaugeSeries {
        GaugeSeries::new(Arc::default())
    }

    fn shown(gauge: &GaugeSeries) -> String {
        gauge.value().to_string()
    }

    /// However it is changed, and by whom, a gauge is one number; what was set is shown as it was.
    #[test]
    fn a_gauge_is_one_number() {
        let gauge = gauge();
        for (change, value) in [
            (GaugeFn::increment as fn(&GaugeSeries, f64), 3.0),
            (GaugeFn::decrement, 1.0),
            (GaugeFn::increment, 0.5),
            (GaugeFn::decrement, -1.0),
            (GaugeFn::increment, -0.25),
        ] {
            thread::scope(|scope| scope.spawn(|| change(&gauge, value)).join().unwrap());
        }
        assert_eq!(shown(&gauge), "3.25");
        thread::scope(|scope| scope.spawn(|| gauge.set(0.1)).join().unwrap());
        assert_eq!(shown(&gauge), "0.1");
        gauge.increment(2.0);
        assert_eq!(shown(&gauge), "2.1");
        for (value, shown_as) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (-7.0, "-7")] {
            gauge.set(value);
            assert_eq!(shown(&gauge), shown_as);
        }
    }

    /// What one thread added and another takes away is never missing in between.
    #[test]
    fn what_is_in_flight_is_never_less_than_nothing() {
        let (gauge, over) = (gauge(), AtomicBool::new(false));
        let (arrived, arrivals) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            let (gauge, over) = (&gauge, &over);
            scope.spawn(move || {
                for _ in 0..100_000 {
                    gauge.increment(1.0);
                    arrived.send(()).unwrap();
                }
            });
            scope.spawn(move || {
                for () in arrivals {
                    gauge.decrement(1.0);
                }
                over.store(true, Ordering::Relaxed);
            });
            while !over.load(Ordering::Relaxed) {
                assert!(gauge.value() >= 0.0);
            }
        });
        assert_eq!(shown(&gauge), "0");
    }

    /// Where others count meanwhile, what is set is not wrong by what they did.
    #[test]
    fn a_gauge_that_is_set_while_others_count_forgets_nothing() {
        let gauge = gauge();
        thread::scope(|scope| {
            let counting: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        for _ in 0..100_000 {
                            gauge.increment(1.0);
                            gauge.decrement(1.0);
                        }
                    })
                })
                .collect();
            while !counting.iter().all(thread::ScopedJoinHandle::is_finished) {
                gauge.set(0.0);
            }
        });
        // Each of the two may have been in between when it was set last.
        assert!((-2.0..=0.0).contains(&gauge.value()), "{}", gauge.value());
    }
}
